/** From where a rule is looked at: a workload that no rule singles out, in a namespace that sees the rule. */
import type { Config } from '../config/config.ts';
import type { VirtualService } from '../config/virtual-service.ts';
import type { Reader } from '../incremental/query.ts';
import { meshKey } from '../mesh/tables.ts';
import { exportToOr, isVisible } from '../mesh/visibility.ts';
import { type Client, clientIn } from '../model/scope.ts';
import type { AnalyzedMesh } from './analyzer.ts';

/** The namespace from which a rule is looked at: its own if it shows itself there, else the first that it names. Readers read `visibility`. */
export function viewpointOf(
  read: Reader,
  { visibility }: AnalyzedMesh,
  { spec, namespace }: Config<VirtualService>,
): Client | undefined {
  const targets = exportToOr(spec.exportTo, read.cell(visibility, meshKey).defaultVirtualServiceExportTo);
  if (isVisible(targets, namespace, namespace)) return clientIn(namespace);
  const named = targets.find((target) => target !== '~' && target !== '.');
  return named === undefined ? undefined : clientIn(named);
}
