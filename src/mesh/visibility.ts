/** Who sees what: exportTo and its defaults. */
import { byAge, type Config } from '../config/config.ts';
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

/** The order in which rules of one host compete, by how they came to be seen. */
export const closenessRanks: { readonly [how in Closeness]: number } = { private: 0, named: 1, public: 2 };

/** The rules that are seen from a namespace, in the order in which they compete: closer ones first, then older ones. */
export function competing<Spec extends { readonly exportTo?: ExportTo }>(
  rules: readonly Config<Spec>[],
  client: string,
  fallback: ExportTo,
): readonly Config<Spec>[] {
  return rules
    .flatMap((config) => {
      const how = closeness(exportToOr(config.spec.exportTo, fallback), config.namespace, client);
      return how === undefined ? [] : [{ config, rank: closenessRanks[how] }];
    })
    .sort((a, b) => a.rank - b.rank || byAge(a.config, b.config))
    .map(({ config }) => config);
}

/** The exportTo that holds for an object: its own, or the mesh's default when it says nothing. */
export function exportToOr(own: ExportTo | undefined, fallback: ExportTo): ExportTo {
  return own === undefined || own.length === 0 ? fallback : own;
}
