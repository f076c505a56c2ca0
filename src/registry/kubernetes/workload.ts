import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import type { Labels } from '../../model/labels.ts';
import { type Locality, nowhere, parseLocality } from '../../model/locality.ts';
import type { Workload } from '../../model/workload.ts';
import type { Pod } from './schema.ts';

/** What of a node an endpoint on it inherits. */
export interface NodeRow {
  readonly locality: Locality;
}

export function toNode(labels: Labels): NodeRow {
  return {
    locality: {
      region: labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '',
      zone: labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '',
      subzone: labels['topology.istio.io/subzone'] ?? '',
    },
  };
}

/** A pod's own label wins over its node's; dots stand for slashes, which labels may not hold. */
export function podLocality(labels: Labels, node: NodeRow | undefined): Locality {
  const label = labels['istio-locality'];
  return label === undefined || label === ''
    ? (node?.locality ?? nowhere)
    : parseLocality(label.includes('/') ? label : label.replaceAll('.', '/'));
}

/** The name of what a pod belongs to: its Deployment, StatefulSet or Job; its own name when it stands alone. */
export function workloadName({ name, labels }: Pick<KubernetesObject, 'name' | 'labels'>, { metadata }: Pod): string {
  const owner =
    metadata?.ownerReferences?.find(({ controller }) => controller === true) ?? metadata?.ownerReferences?.[0];
  if (owner?.name === undefined) return name;
  const hash = labels['pod-template-hash'];
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
    ? owner.name.slice(0, -hash.length - 1)
    : owner.name;
}

/** The main address first; one of each family. */
export function addressesOf({ podIPs, podIP = '' }: NonNullable<Pod['status']> = {}): readonly string[] {
  const all = (podIPs ?? []).flatMap(({ ip = '' }) => (ip === '' ? [] : [ip]));
  return all.length > 0 || podIP === '' ? all : [podIP];
}

export function hasEnded({ phase }: NonNullable<Pod['status']> = {}): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** The label of a pod, or of the system's namespace, that names its network. */
export const networkLabel = 'topology.istio.io/network';

/** Where a Pod runs. */
export interface PodPlace {
  readonly registry: string;
  readonly cluster: string;
  /** Of pods that name none. */
  readonly network: string;
  readonly node: NodeRow | undefined;
}

/** A Pod as a row; undefined while it has no address or when it has run to its end. */
export function toWorkload(
  object: KubernetesObject,
  pod: Pod,
  { registry, cluster, network, node }: PodPlace,
): Workload | undefined {
  const { spec = {}, status = {} } = pod;
  const addresses = addressesOf(status);
  if (addresses.length === 0 || hasEnded(status)) return undefined;
  const { namespace, labels, origin } = object;
  const { hostname = '', subdomain = '' } = spec;
  const isReady = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return {
    registry,
    namespace,
    name: workloadName(object, pod),
    kind: 'pod',
    addresses,
    ports: Object.fromEntries(
      (spec.containers ?? []).flatMap(({ ports = [] }) =>
        ports.flatMap(({ name, containerPort }) =>
          name === undefined || containerPort === undefined ? [] : [[name, containerPort]],
        ),
      ),
    ),
    labels,
    locality: podLocality(labels, node),
    network: labels[networkLabel] ?? network,
    serviceAccount: spec.serviceAccountName ?? 'default',
    weight: 1,
    health: isReady ? 'healthy' : 'unhealthy',
    nodeName: spec.nodeName ?? '',
    ...(hostname === '' || subdomain === '' ? {} : { dnsName: { hostname, subdomain } }),
    ...(spec.hostNetwork === true ? { sharesAddress: true } : {}),
    cluster,
    origin,
  };
}
