/** The EndpointSlices of local pods, as Kubernetes' endpoint controller would write them. */
import { canonical } from '../lib/canonical.ts';
import { ensure } from '../lib/ensure.ts';
import { decodeWith } from '../model/decode.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { selects } from '../model/labels.ts';
import type { Pod } from './pod.ts';
import { type ServiceObject, service as serviceSchema } from './schema.ts';

export interface PodState {
  readonly pod: Pod;
  readonly isReady: boolean;
}

/** One slice for each set of port numbers among the pods that a Service selects; none for a Service that selects none. */
export function endpointSlices(object: KubernetesObject, pods: readonly PodState[]): readonly KubernetesObject[] {
  const { spec } = decodeWith(serviceSchema, object.value, [], []) ?? {};
  const { selector = {}, ports = [] } = spec ?? {};
  if (Object.keys(selector).length === 0) return [];
  const { namespace, name } = object;
  const groups = new Map<string, { readonly ports: readonly object[]; readonly pods: PodState[] }>();
  for (const state of pods) {
    const { workload } = state.pod;
    if (workload.namespace !== namespace || !selects(selector, workload.labels)) continue;
    const numbers = ports.flatMap((port) => slicePort(port, state.pod));
    const key = canonical(numbers);
    ensure(groups, key, () => ({ ports: numbers, pods: [] })).pods.push(state);
  }
  return [...groups.values()].map((group, i) => ({
    group: 'discovery.k8s.io',
    version: 'v1',
    kind: 'EndpointSlice',
    namespace,
    name: `${name}-local-${i + 1}`,
    createdAt: 0,
    labels: { 'kubernetes.io/service-name': name },
    annotations: {},
    value: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-local-${i + 1}`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: group.ports,
      endpoints: group.pods.map(({ pod, isReady }) => ({
        addresses: [pod.ip],
        conditions: { ready: isReady || spec?.publishNotReadyAddresses === true, serving: isReady, terminating: false },
        targetRef: { kind: 'Pod', namespace, name: pod.name },
        nodeName: 'localhost',
      })),
    },
    origin: { ...object.origin, kind: 'EndpointSlice', name: `${name}-local-${i + 1}` },
  }));
}

type Port = NonNullable<NonNullable<ServiceObject['spec']>['ports']>[number];

/** A port of a Service at a pod; none when the pod has no port of that name. */
function slicePort({ name, port, targetPort = port, protocol = 'TCP' }: Port, { workload }: Pod): readonly object[] {
  const number =
    typeof targetPort === 'number' ? targetPort : workload.ports.find((one) => one.name === targetPort)?.containerPort;
  return number === undefined ? [] : [{ ...(name === undefined ? {} : { name }), port: number, protocol }];
}
