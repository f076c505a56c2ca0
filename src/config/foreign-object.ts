/** Objects of kinds that are not read: some are none of our business, others may be a mistake. */
import { distance } from '../lib/distance.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { type Problem, placeOf } from '../model/problem.ts';
import { kinds } from './kinds.ts';

/** Groups whose objects stand beside a mesh in many repositories and say nothing of its traffic. */
const plainGroups = new Set([
  '',
  'apps',
  'batch',
  'autoscaling',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'networking.k8s.io',
  'apiextensions.k8s.io',
  'admissionregistration.k8s.io',
  'coordination.k8s.io',
  'scheduling.k8s.io',
  'monitoring.coreos.com',
]);

/** What is to be said of an object of a kind that is not read; nothing where it has nothing to do with traffic. */
export function foreignProblems({ group, kind, version, origin }: KubernetesObject): readonly Problem[] {
  const isIngress = group === 'networking.k8s.io' && kind === 'Ingress';
  if (plainGroups.has(group) && !isIngress) return [];
  const isPending = isIngress || group === 'gateway.networking.k8s.io';
  return [
    {
      code: isPending ? 'FW0009' : 'FW0002',
      severity: 'warning',
      path: '',
      message: isPending
        ? `${kind} of ${group} is not executed by this version`
        : `expected ${expectedFor(kind)}, found ${kind} of ${group}/${version}`,
      ...placeOf(origin, origin.line),
    },
  ];
}

/** The kind that somebody may have meant, or all that there are. */
function expectedFor(kind: string): string {
  const known = Object.keys(kinds);
  const near = known.find((name) => distance(name.toLowerCase(), kind.toLowerCase()) <= 2);
  return near === undefined ? `a kind of Kubernetes or one of ${known.join(', ')}` : `a known kind such as ${near}`;
}
