/**
 * What an Envoy sidecar does on an aggregated stream, without the Envoy: it asks for all clusters and listeners, then for
 * the endpoints and routes that these name, and acknowledges everything.
 */
import { connect } from 'node:http2';
import { type DeltaResource, readDeltaResponse } from '../src/agent/delta-response.ts';
import { FrameReader, grpcFrame } from '../src/lib/grpc-frames.ts';
import { typeNameOf } from '../src/lib/type-name.ts';
import { DeltaDiscoveryRequest } from '../src/proto/envoy/service/discovery/v3/discovery.ts';
import { type Json, messageJson } from '../src/resource/json.ts';
import { clusterType, endpointType, listenerType, routeType } from '../src/resource/types.ts';

export interface SidecarOptions {
  readonly address: string;
  readonly index: number;
  readonly namespaces: number;
  /** Told of each resource that arrives. */
  readonly received: (body: Uint8Array) => void;
  /** It holds all that it asked for, for the first time. */
  readonly settled: () => void;
  readonly failed: (error: Error) => void;
}

/** Starts a sidecar; yields what stops it. */
export function startSidecar(options: SidecarOptions): () => void {
  const { address, index, namespaces, received, settled, failed } = options;
  const session = connect(`http://${address}`, { settings: { initialWindowSize: 1 << 24 } });
  session.on('error', failed);
  session.on('connect', () => session.setLocalWindowSize(1 << 24));
  const stream = session.request({
    ':method': 'POST',
    ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', failed);
  const asked = new Map<string, Set<string>>([
    [endpointType, new Set()],
    [routeType, new Set()],
  ]);
  let missing = 0;
  let [hasClusters, hasListeners, isSettled] = [false, false, false];
  const send = (request: DeltaDiscoveryRequest) =>
    stream.write(grpcFrame([DeltaDiscoveryRequest.encode(request).finish()]));
  const ask = (typeUrl: string, names: readonly string[]) => {
    const known = asked.get(typeUrl);
    const fresh = names.filter((name) => known?.has(name) === false);
    for (const name of fresh) known?.add(name);
    missing += fresh.length;
    if (fresh.length > 0) send({ typeUrl, resourceNamesSubscribe: fresh });
  };
  const held = new Set<string>();
  const hold = (typeUrl: string, name: string) => {
    const key = `${typeUrl}/${name}`;
    if (held.has(key)) return;
    held.add(key);
    missing -= 1;
  };
  send({ typeUrl: clusterType, node: nodeOf(index, namespaces) });
  const frames = new FrameReader(1 << 30);
  stream.on('data', (chunk: Buffer) => {
    for (const frame of frames.read(chunk)) {
      if (frame.kind !== 'message') throw new Error(`expected a message, found ${frame.kind}`);
      const { typeUrl, nonce, resources } = readDeltaResponse(frame.bytes);
      const named: string[] = [];
      for (const resource of resources) {
        received(resource.value);
        if (typeUrl === clusterType || typeUrl === listenerType) named.push(...namesIn(typeUrl, resource));
        else hold(typeUrl, resource.name);
      }
      send({ typeUrl, responseNonce: nonce });
      if (typeUrl === clusterType) {
        ask(endpointType, named);
        if (!hasClusters) send({ typeUrl: listenerType });
        hasClusters = true;
      } else if (typeUrl === listenerType) {
        ask(routeType, named);
        hasListeners = true;
      }
      if (isSettled || !hasClusters || !hasListeners || missing > 0) continue;
      isSettled = true;
      settled();
    }
  });
  return () => session.destroy();
}

function nodeOf(index: number, namespaces: number) {
  const namespace = `ns-${index % namespaces}`;
  const ip = `10.${200 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
  const name = `client-${index}`;
  const metadata = {
    NAMESPACE: namespace,
    CLUSTER_ID: 'Kubernetes',
    INSTANCE_IPS: ip,
    ISTIO_VERSION: '1.28.0',
    LABELS: { app: 'client', version: 'v1' },
  };
  return { id: `sidecar~${ip}~${name}.${namespace}~${namespace}.svc.cluster.local`, cluster: 'client', metadata };
}

/** The names of endpoints or routes that a resource asks for; read once for all sidecars. */
const known = new Map<string, readonly string[]>();

function namesIn(typeUrl: string, { name, version, value }: DeltaResource): readonly string[] {
  const key = `${typeUrl}/${name}/${version}`;
  const found = known.get(key) ?? namesAskedFor(messageJson(typeNameOf(typeUrl), value), name);
  known.set(key, found);
  return found;
}

/** A cluster of type EDS asks for endpoints; anything named `rds` within a listener asks for routes. */
function namesAskedFor(value: Json, cluster: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => namesAskedFor(item, cluster));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as { readonly [field: string]: Json }).flatMap(([field, part]) => {
    const fields = part as { readonly serviceName?: string; readonly routeConfigName?: string };
    if (field === 'edsClusterConfig') return [fields.serviceName ?? cluster];
    return field === 'rds' ? [fields.routeConfigName ?? ''] : namesAskedFor(part, cluster);
  });
}
