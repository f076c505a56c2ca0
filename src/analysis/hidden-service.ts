/** The service that has a host somewhere, for where none is seen. */
import type { Reader } from '../incremental/query.ts';
import { servicesOf } from '../mesh/merged-services.ts';
import { meshKey } from '../mesh/tables.ts';
import { exportToOr } from '../mesh/visibility.ts';
import type { AnalyzedMesh, RelatedOrigin } from './analyzer.ts';

/**
 * A service of a host, with those to whom it is shown. Readers read `services`, its `byHost`, `clusters` with its `all`, and
 * `visibility`.
 */
export function hiddenService(
  read: Reader,
  { tables, visibility }: AnalyzedMesh,
  host: string,
): RelatedOrigin | undefined {
  const [hidden] = servicesOf(read, tables, host, '');
  if (hidden === undefined) return undefined;
  const shown = exportToOr(hidden.exportTo, read.cell(visibility, meshKey).defaultServiceExportTo);
  return { origin: hidden.origin, reason: `is shown to ${shown.join(', ')} only` };
}
