/** From where a rule is looked at: a workload that no rule singles out, in a namespace that sees the rule. */
import { exportToOr, isVisible } from '../mesh/visibility.ts';
import { type Client, clientIn } from '../model/scope.ts';
import type { ExportTo } from '../model/service.ts';

/** The namespace from which an object is looked at: its own if it shows itself there, else the first that it names. */
export function viewpointOf(owner: string, exportTo: ExportTo | undefined, fallback: ExportTo): Client | undefined {
  const targets = exportToOr(exportTo, fallback);
  if (isVisible(targets, owner, owner)) return clientIn(owner);
  const named = targets.find((target) => target !== '~' && target !== '.');
  return named === undefined ? undefined : clientIn(named);
}
