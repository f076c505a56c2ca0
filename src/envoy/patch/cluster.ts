/** Patches on Clusters. */
import { fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { mergeInto } from '../../descriptors/merge.ts';
import { envoyMessage } from '../../descriptors/registry.ts';
import type { ClusterMatchIr } from '../../ir/patch.ts';
import { mergeNamed, type Named } from './named.ts';
import { Effects, listMergeOf, type Patch, type Patched, patchesOn, valueOf } from './patch.ts';

interface ClusterMessage extends Message {
  name: string;
  transportSocket?: Named;
  transportSocketMatches: { readonly transportSocket?: Named }[];
  metadata?: { readonly filterMetadata: { readonly [name: string]: { readonly [field: string]: unknown } } };
}

/** Carries out what patches say of a cluster, in order. */
export function patchCluster(name: string, bytes: Uint8Array, patches: readonly Patch[]): Patched {
  const meant = patchesOn('CLUSTER', patches).filter(({ ir }) => ir.operation !== 'ADD' && mayMean(ir.cluster, name));
  if (meant.length === 0) return { name, bytes, effects: [] };
  const schema = envoyMessage('envoy.config.cluster.v3.Cluster');
  const cluster = fromBinary(schema, bytes) as ClusterMessage;
  const effects = new Effects();
  for (const patch of meant) {
    if (!means(patch.ir.cluster, name, cluster)) continue;
    if (patch.ir.operation === 'REMOVE') {
      effects.applied(patch);
      return { name, bytes: undefined, effects: effects.list() };
    }
    merge(cluster, patch, effects);
  }
  const changed = effects.isChange ? toBinary(schema, cluster) : bytes;
  return { name: cluster.name, bytes: changed, effects: effects.list() };
}

/** A transport socket merges with the one of its name, or takes the place of the cluster's; everything else merges as it is. */
function merge(cluster: ClusterMessage, patch: Patch, effects: Effects): void {
  const lists = listMergeOf(patch);
  if (lists === undefined) return;
  const value = valueOf<ClusterMessage>(patch);
  const { transportSocket: socket } = value;
  if (socket !== undefined) {
    delete value.transportSocket;
    const misfit = mergeSocket(cluster, socket, (own) => mergeNamed(own, socket, lists));
    if (misfit !== undefined) {
      effects.misfit(patch, misfit);
      return;
    }
  }
  mergeInto(cluster, value, lists);
  effects.applied(patch);
}

function mergeSocket(
  cluster: ClusterMessage,
  socket: Named,
  into: (own: Named) => string | undefined,
): string | undefined {
  const choices = cluster.transportSocketMatches.flatMap(({ transportSocket }) => transportSocket ?? []);
  const own = [...choices, ...(cluster.transportSocket === undefined ? [] : [cluster.transportSocket])].find(
    ({ name }) => name === socket.name,
  );
  if (own !== undefined) return into(own);
  if (choices.length > 0)
    return `expected one of the cluster's transport sockets ${choices.map(({ name }) => name).join(', ')}, found ${socket.name}`;
  cluster.transportSocket = socket;
  return undefined;
}

interface ClusterName {
  readonly isInbound: boolean;
  readonly port: number;
  readonly subset: string;
  readonly host: string;
}

/** `outbound|80|v1|reviews.shop.svc.cluster.local`, or with `_.` between the parts for gateways that pass TLS on. */
function parse(name: string): ClusterName {
  const [direction = '', port = '', subset = '', host = ''] = name.split(name.includes('|') ? '|' : '_.');
  return { isInbound: direction === 'inbound', port: Number(port) || 0, subset, host };
}

/** Whether a patch may mean a cluster, by its name alone. */
function mayMean(match: ClusterMatchIr | undefined, clusterName: string): boolean {
  if (match === undefined) return true;
  const { name = '', service = '', subset = '', portNumber = 0 } = match;
  if (name !== '') return name === clusterName;
  const own = parse(clusterName);
  return (
    (subset === '' || subset === own.subset) &&
    (portNumber === 0 || portNumber === own.port) &&
    (service === '' || service === own.host || own.isInbound)
  );
}

function means(match: ClusterMatchIr | undefined, name: string, cluster: ClusterMessage): boolean {
  const { name: asked = '', service = '' } = match ?? {};
  if (asked !== '' || service === '' || !parse(name).isInbound) return true;
  return servicesOf(cluster).includes(service);
}

/** An inbound cluster does not name its services, but its metadata does. */
function servicesOf({ metadata }: ClusterMessage): readonly unknown[] {
  const services = metadata?.filterMetadata.istio?.services;
  return Array.isArray(services) ? services.map((service: { readonly host?: unknown }) => service?.host) : [];
}
