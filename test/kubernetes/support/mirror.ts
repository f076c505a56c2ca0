/** A control plane that reads a cluster, with what a test wants to know of it; and what one would know that has just listed all. */
import { isDeepStrictEqual } from 'node:util';
import { configCluster } from '../../../src/config-cluster.ts';
import { ControlPlane } from '../../../src/control-plane.ts';
import { startDiscoveryServer } from '../../../src/discovery-server.ts';
import type { WatchTimes } from '../../../src/kubernetes/resource-watch.ts';
import { formatAddress } from '../../../src/lib/address.ts';
import { silent } from '../../../src/lib/log.ts';
import { type Credentials, fixedCredentials, type ServerAccess } from '../../../src/lib/server-access.ts';
import type { ObjectSource } from '../../../src/model/object-source.ts';
import type { Freshness } from '../../../src/model/source.ts';
import { until } from '../../support/until.ts';
import type { Cluster } from './cluster.ts';

export interface Mirror {
  readonly controlPlane: ControlPlane;
  readonly xdsAddress: { readonly host: string; readonly port: number };
  freshness(source: string): Freshness;
  /** What a page says, such as `/ready`. */
  page(path: string): Promise<string>;
  /** Objects that sources have said are gone since the last call: `EndpointSlice shop/a`. */
  takeRemoved(): readonly string[];
  /** Waits until all tables are those of a control plane that lists the cluster now; says what differs otherwise. */
  untilFresh(mostMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface MirrorOptions {
  readonly cluster: Cluster;
  /** Where it reads; the cluster itself when absent. */
  readonly server?: URL;
  readonly credentials?: Credentials;
  readonly times?: Partial<WatchTimes>;
  readonly timeoutMs?: number;
}

const systemNamespace = 'istio-system';
const names = { cluster: 'Kubernetes', domainSuffix: 'cluster.local' };
const here = { host: '127.0.0.1', port: 0 };

/** Retries soon, and otherwise takes the time that a server needs. */
const shortTimes: Partial<WatchTimes> = { pastMs: 1000, retry: { firstMs: 20, mostMs: 200 } };

/** Starts a control plane as `fairway serve` does; resolves when it has listed everything. */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const { cluster } = options;
  const removed: string[] = [];
  const { sources, meshConfig, others } = read(options);
  const noting = (source: ObjectSource): ObjectSource => ({
    name: source.name,
    run: (sink, signal) =>
      source.run(
        {
          ...sink,
          apply(changes) {
            for (const { kind, namespace, name, object } of changes)
              if (object === undefined) removed.push(`${kind} ${namespace}/${name}`);
            sink.apply(changes);
          },
        },
        signal,
      ),
  });
  const server = await startDiscoveryServer({
    sources: sources.map(noting),
    meshConfig,
    otherClusters: others,
    xdsAddress: here,
    httpAddress: here,
    ...names,
    version: 'test',
    log: silent,
  });
  const { controlPlane } = server;
  return {
    controlPlane,
    xdsAddress: server.xdsAddress,
    freshness(name) {
      const found = controlPlane.sources.find((source) => source.name === name);
      if (found === undefined) throw new Error(`expected a source, found none: ${name}`);
      return found.freshness;
    },
    page: async (path) => (await fetch(`http://${formatAddress(server.httpAddress)}${path}`)).text(),
    takeRemoved: () => removed.splice(0).sort(),
    async untilFresh(mostMs = 5000) {
      const fresh = await freshTables(cluster);
      const differences = () => differing(tablesOf(controlPlane), fresh);
      await until(() => differences().length === 0, { what: 'the state of a fresh list', mostMs }).catch((error) => {
        throw new Error(`${error.message}: ${differences().slice(0, 3).join('\n').slice(0, 1500)}`);
      });
    },
    close: () => server.close(0),
  };
}

function read({ cluster, server, credentials, times = {}, timeoutMs }: MirrorOptions) {
  const access: ServerAccess = {
    server: server ?? new URL(cluster.url),
    trust: { authorities: async () => cluster.ca, isUnverified: false },
    credentials: credentials ?? fixedCredentials({ token: cluster.adminToken }),
  };
  return configCluster({
    access,
    id: names.cluster,
    version: 'test',
    systemNamespace,
    meshConfigMap: 'istio',
    log: silent,
    times: { ...shortTimes, ...times },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

type Tables = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/** All rows, by table and key. */
function tablesOf({ graph, mesh }: ControlPlane): Tables {
  return new Map(Object.entries(mesh.tables).map(([name, table]) => [name, new Map(graph.rows<unknown>(table))]));
}

/** Lists everything at the cluster itself, into a control plane that has never seen anything. */
async function freshTables(cluster: Cluster): Promise<Tables> {
  const controlPlane = new ControlPlane({ log: silent, ...names });
  const { sources, meshConfig } = read({ cluster });
  const stop = new AbortController();
  const all = [meshConfig(controlPlane), ...sources];
  const runs = all
    .map((source) => ({ source, sink: controlPlane.sink(source.name) }))
    .map(({ source, sink }) => source.run(sink, stop.signal));
  try {
    const isSynced = () => controlPlane.sources.every((source) => source.isSynced);
    await until(isSynced, { what: 'a fresh list', mostMs: 20_000 });
    controlPlane.commit();
    return tablesOf(controlPlane);
  } finally {
    stop.abort();
    await Promise.all(runs);
    controlPlane.close();
  }
}

function differing(have: Tables, want: Tables): readonly string[] {
  return [...want].flatMap(([table, rows]) => {
    const others = have.get(table) ?? new Map<string, unknown>();
    return [...new Set([...rows.keys(), ...others.keys()])].flatMap((key) => {
      const [found, expected] = [others.get(key), rows.get(key)];
      return isDeepStrictEqual(found, expected)
        ? []
        : [`${table} ${key}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`];
    });
  });
}
