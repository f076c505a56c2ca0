/**
 * Kubernetes as a registry. Objects come from files or from an API server; a private graph joins what belongs together.
 *
 *      Service ──────────────────────────────► service row
 *      Pod + Node ───────────────────────────► workload row
 *      EndpointSlice + Pod + Node ───────────► endpoint shard row
 *      Endpoints, where no slice exists ─────► endpoint shard row
 *      Namespace ────────────────────────────► namespace row
 *      Secret, ConfigMap ────────────────────► secret row, checked
 */
import { Graph } from '../../incremental/graph.ts';
import type { Query, Reader } from '../../incremental/query.ts';
import type { Table } from '../../incremental/table.ts';
import { ensure } from '../../lib/ensure.ts';
import { type Finding, locateAll } from '../../model/decode.ts';
import { type EndpointShard, shardKey } from '../../model/endpoint.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from '../../model/kubernetes-object.ts';
import { type Namespace, namespaceKey } from '../../model/namespace.ts';
import { type Secret, secretKey } from '../../model/secret.ts';
import { type Service, serviceKey } from '../../model/service.ts';
import type { Workload } from '../../model/workload.ts';
import type { RegistryChange, RegistrySink } from '../registry.ts';
import { type Decoder, decodeEndpoints, decodePod, decodeService, decodeSlice } from './decode.ts';
import { endpointsToShard, type ShardContext, serviceNameLabel, sliceToShard } from './endpoint-shard.ts';
import { atNodes, type NodeAddress, type NodePorts, nodePortsOf, toNodeAddress } from './node-ports.ts';
import type { EndpointSlice, Endpoints, Pod } from './schema.ts';
import { toPublicAuthorities, toSecret } from './secret.ts';
import { toService, trafficDistribution } from './service.ts';
import { addressesOf, hasEnded, type NodeRow, networkLabel, toNode, toWorkload } from './workload.ts';

export interface KubernetesRegistryOptions {
  /** The registry's name in rows and messages, such as `kubernetes/east`. */
  readonly name: string;
  /** The cluster's id, which proxies name in CLUSTER_ID. */
  readonly cluster: string;
  readonly domainSuffix: string;
  /** The namespace whose label names the network of the cluster. */
  readonly systemNamespace: string;
  /** The time, in milliseconds since the epoch, which certificates are judged by. */
  readonly now: () => number;
}

interface Read<T> {
  readonly object: KubernetesObject;
  readonly value: T;
}

/** A Service, with what its nodes add to it. */
interface ServiceRow {
  readonly row: Service;
  readonly onNodes?: NodePorts;
}

/** Whether an object is one that this registry reads. */
export function isKubernetesKind({ group, kind }: { readonly group: string; readonly kind: string }): boolean {
  if (group === '') return ['Service', 'Endpoints', 'Pod', 'Node', 'Namespace', 'Secret', 'ConfigMap'].includes(kind);
  return group === 'discovery.k8s.io' && kind === 'EndpointSlice';
}

export class KubernetesRegistry {
  readonly #options: KubernetesRegistryOptions;
  readonly #sink: RegistrySink;
  readonly #graph = new Graph();
  readonly #slices: Table<Read<EndpointSlice>>;
  readonly #endpoints: Table<Read<Endpoints>>;
  readonly #pods: Table<Read<Pod>>;
  readonly #nodes: Table<NodeRow>;
  /** The networks that namespaces name. */
  readonly #networks: Table<string>;
  readonly #services: Table<ServiceRow>;
  readonly #nodeAddresses: Table<NodeAddress>;
  readonly #service: Query<string, Service | undefined>;
  readonly #shardOfSlice: Query<string, EndpointShard | undefined>;
  readonly #shardOfEndpoints: Query<string, EndpointShard | undefined>;
  readonly #workload: Query<string, Workload | undefined>;
  readonly #outputs = new Map<string, { close(): void }>();
  readonly #gone = new Set<string>();
  /** Secrets as they were reported last, with what of them is in force. */
  readonly #secrets = new Map<string, { readonly change: ObjectChange; readonly row: Secret | undefined }>();
  #changes: RegistryChange[] = [];
  /** The keys of the rows that are there, by table. */
  readonly #rows = new Map<RegistryChange['table'], Set<string>>();

  constructor(options: KubernetesRegistryOptions, sink: RegistrySink) {
    this.#options = options;
    this.#sink = sink;
    const graph = this.#graph;
    const { name, cluster, domainSuffix, systemNamespace } = options;
    const pods = graph.table<Read<Pod>>('pods');
    const podsAt = pods.index('address', podAddresses);
    const nodes = graph.table<NodeRow>('nodes');
    const networks = graph.table<string>('networks');
    const network = (read: Reader) => read.row(networks, systemNamespace) ?? '';
    const slices = graph.table<Read<EndpointSlice>>('slices');
    const legacy = graph.table<Read<Endpoints>>('endpoints');
    const slicesOfService = slices.index('service', ({ object: { namespace, labels } }) => [
      `${namespace}/${labels[serviceNameLabel] ?? ''}`,
    ]);
    const services = graph.table<ServiceRow>('services');
    const nodeAddresses = graph.table<NodeAddress>('nodeAddresses');
    const allNodes = nodeAddresses.index('all', () => ['']);
    this.#service = graph.query('service', {
      reads: [services, nodeAddresses, allNodes],
      compute(read, key: string) {
        const found = read.row(services, key);
        if (found?.onNodes === undefined) return found?.row;
        return atNodes(found.row, found.onNodes, read.rows(nodeAddresses, read.keys(allNodes, '')));
      },
    });
    this.#workload = graph.query('workload', {
      reads: [pods, nodes, networks],
      compute(read, key: string) {
        const row = read.row(pods, key);
        if (row === undefined) return undefined;
        const node = read.row(nodes, row.value.spec?.nodeName ?? '');
        return toWorkload(row.object, row.value, { registry: name, cluster, network: network(read), node });
      },
    });
    const context = (read: Reader): ShardContext => ({
      registry: name,
      cluster,
      network: network(read),
      domainSuffix,
      pod: (key) => read.cell(this.#workload, key),
      podAt: (address, namespace) => {
        const [key, ...others] = read.keys(podsAt, `${namespace}/${address}`);
        return key === undefined || others.length > 0 ? undefined : read.cell(this.#workload, key);
      },
      node: (node) => read.row(nodes, node),
    });
    this.#shardOfSlice = graph.query('shardOfSlice', {
      reads: [slices, nodes, networks, podsAt, this.#workload],
      compute(read, key: string) {
        const row = read.row(slices, key);
        return row === undefined ? undefined : sliceToShard(row.object, row.value, context(read));
      },
    });
    this.#shardOfEndpoints = graph.query('shardOfEndpoints', {
      reads: [legacy, slicesOfService, nodes, networks, podsAt, this.#workload],
      compute(read, key: string) {
        const row = read.row(legacy, key);
        if (row === undefined || read.keys(slicesOfService, key).length > 0) return undefined;
        return endpointsToShard(row.object, row.value, context(read));
      },
    });
    this.#slices = slices;
    this.#endpoints = legacy;
    this.#pods = pods;
    this.#nodes = nodes;
    this.#networks = networks;
    this.#services = services;
    this.#nodeAddresses = nodeAddresses;
  }

  /** Takes changes of the kinds that isKubernetesKind names and emits the rows that follow. */
  apply(changes: readonly ObjectChange[]): void {
    for (const change of changes) this.#take(change);
    this.#emit();
  }

  /** Judges again what time alone can turn bad: call it now and then. */
  recheck(): void {
    for (const { change } of [...this.#secrets.values()]) this.#takeSecret(change);
    this.#emit();
  }

  /** Emits that all rows are gone. The registry is not used after that. */
  clear(): void {
    const gone = [...this.#rows].flatMap(([table, keys]) =>
      [...keys].map((key): RegistryChange => ({ table, key, row: undefined })),
    );
    for (const output of this.#outputs.values()) output.close();
    this.#outputs.clear();
    this.#rows.clear();
    this.#sink.apply(gone);
  }

  #emit(): void {
    this.#graph.commit();
    for (const id of this.#gone) {
      this.#outputs.get(id)?.close();
      this.#outputs.delete(id);
    }
    this.#gone.clear();
    const changes = this.#changes;
    this.#changes = [];
    for (const { table, key, row } of changes)
      if (row === undefined) this.#rows.get(table)?.delete(key);
      else ensure(this.#rows, table, () => new Set()).add(key);
    if (changes.length > 0) this.#sink.apply(changes);
  }

  #take(change: ObjectChange): void {
    const { object } = change;
    switch (change.kind) {
      case 'Service':
        this.#takeService(change);
        break;
      case 'EndpointSlice':
        this.#stage(this.#slices, change, decodeSlice);
        this.#output(this.#shardOfSlice, change, shardChange);
        break;
      case 'Endpoints':
        this.#stage(this.#endpoints, change, decodeEndpoints);
        this.#output(this.#shardOfEndpoints, change, shardChange);
        break;
      case 'Pod':
        this.#stage(this.#pods, change, decodePod);
        this.#output(this.#workload, change, (row) => ({
          table: 'workload',
          key: `${this.#options.name}/pod/${change.namespace}/${change.name}`,
          row,
        }));
        break;
      case 'Node':
        this.#takeNode(change);
        break;
      case 'Secret':
      case 'ConfigMap':
        this.#takeSecret(change);
        break;
      case 'Namespace':
        if (object?.labels[networkLabel] === undefined) this.#networks.remove(change.name);
        else this.#networks.put(change.name, object.labels[networkLabel]);
        this.#changes.push({
          table: 'namespace',
          key: namespaceKey({ registry: this.#options.name, name: change.name }),
          row: object === undefined ? undefined : toNamespace(object, this.#options.name),
        });
        break;
    }
  }

  #takeNode({ name, object }: ObjectChange): void {
    const address = object === undefined ? undefined : toNodeAddress(object);
    if (object === undefined) this.#nodes.remove(name);
    else this.#nodes.put(name, toNode(object.labels));
    if (address === undefined) this.#nodeAddresses.remove(name);
    else this.#nodeAddresses.put(name, address);
  }

  #takeService(change: ObjectChange): void {
    const { name, domainSuffix } = this.#options;
    const { object } = change;
    const key = `${change.namespace}/${change.name}`;
    const value = this.#decode(change, decodeService);
    if (object === undefined) this.#services.remove(key);
    else if (value !== undefined) {
      const onNodes = nodePortsOf(object, value);
      const row = toService(object, value, name, domainSuffix);
      this.#services.put(key, { row, ...(onNodes === undefined ? {} : { onNodes }) });
    }
    this.#output(this.#service, change, (row, known) => ({ table: 'service', key: serviceKey(known), row }));
  }

  /** A Secret, or a ConfigMap, which may hold authorities in the open. */
  #takeSecret(change: ObjectChange): void {
    const { name: registry, now } = this.#options;
    const { object, namespace, name } = change;
    const kind = change.kind === 'ConfigMap' ? 'ConfigMap' : 'Secret';
    const key = secretKey({ registry, kind, namespace, name });
    const before = this.#secrets.get(key)?.row;
    const toRow = kind === 'ConfigMap' ? toPublicAuthorities : toSecret;
    const row = this.#decode(change, (found, findings) => toRow(found, { registry, nowMs: now(), before, findings }));
    // What is about something else is not judged again.
    if (object === undefined || (kind === 'ConfigMap' && row === undefined)) this.#secrets.delete(key);
    else this.#secrets.set(key, { change, row });
    if (row !== before) this.#changes.push({ table: 'secret', key, row });
  }

  #stage<T>(table: Table<Read<T>>, change: ObjectChange, decoder: Decoder<T>): void {
    const { object, namespace, name } = change;
    const value = this.#decode(change, decoder);
    if (object === undefined) table.remove(`${namespace}/${name}`);
    else if (value !== undefined) table.put(`${namespace}/${name}`, { object, value });
  }

  /** The checked object; undefined when it is gone, or wrong, in which case its last good version stays. */
  #decode<T>(change: ObjectChange, decoder: Decoder<T>): T | undefined {
    const { object } = change;
    const findings: Finding[] = [];
    const value = object === undefined ? undefined : decoder(object, findings);
    this.#sink.problems(objectKey(change), object === undefined ? [] : locateAll(findings, object));
    return value;
  }

  /** Emits the rows of a query from now on, and after the next commit no longer when the object is gone. */
  #output<T>(
    query: Query<string, T | undefined>,
    change: ObjectChange,
    toChange: (row: T | undefined, known: T) => RegistryChange,
  ): void {
    const key = `${change.namespace}/${change.name}`;
    const id = `${query.name}/${key}`;
    if (change.object === undefined) this.#gone.add(id);
    else this.#gone.delete(id);
    if (change.object === undefined || this.#outputs.has(id)) return;
    let last: T | undefined;
    const watch = this.#graph.watch(query, key, (row) => {
      const known = row ?? last;
      // The row of a slice that now belongs to another Service has another key.
      const before = last === undefined || row === undefined ? undefined : toChange(undefined, last);
      if (before !== undefined && row !== undefined && before.key !== toChange(row, row).key)
        this.#changes.push(before);
      last = row;
      if (known !== undefined) this.#changes.push(toChange(row, known));
    });
    this.#outputs.set(id, watch);
  }
}

/** Addresses with namespaces; those of a pod on its node's network are the node's. */
function podAddresses({ object: { namespace }, value: { spec, status } }: Read<Pod>): readonly string[] {
  if (spec?.hostNetwork === true || hasEnded(status)) return [];
  return addressesOf(status).map((address) => `${namespace}/${address}`);
}

const shardChange = (row: EndpointShard | undefined, known: EndpointShard): RegistryChange => ({
  table: 'endpointShard',
  key: shardKey(known),
  row,
});

function toNamespace({ name, labels, annotations }: KubernetesObject, registry: string): Namespace {
  const distribution = trafficDistribution(annotations['networking.istio.io/traffic-distribution']);
  return { registry, name, labels, ...(distribution === undefined ? {} : { trafficDistribution: distribution }) };
}
