/** Who sees what: exportTo and its defaults. */
import type { ExportTo } from '../model/service.ts';

/** Whether an object of namespace `owner` is seen from namespace `client`; a client without a name sees what all see. */
export function isVisible(exportTo: ExportTo, owner: string, client: string): boolean {
  return exportTo.some(
    (target) => target === '*' || (target === '.' ? owner === client : target === client && client !== ''),
  );
}

/** How an object came to be seen; closer beats farther where rules of one host compete. */
export type Closeness = 'private' | 'named' | 'public';

/** How an object is seen from a namespace; undefined when it is not. */
export function closeness(exportTo: ExportTo, owner: string, client: string): Closeness | undefined {
  if (exportTo.includes('*')) return 'public';
  if (owner === client && (exportTo.includes('.') || exportTo.includes(client))) return 'private';
  return isVisible(exportTo, owner, client) ? 'named' : undefined;
}

/** The exportTo that holds for an object: its own, or the mesh's default when it says nothing. */
export function exportToOr(own: ExportTo | undefined, fallback: ExportTo): ExportTo {
  return own === undefined || own.length === 0 ? fallback : own;
}
