/**
 * A control plane that follows real platforms, with real Envoys.
 *
 *      API servers, Consul … ─► control plane ─► xDS ─► Envoys
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DiscoveryServer,
  type DiscoveryServerOptions,
  startDiscoveryServer,
} from '../../../src/discovery-server.ts';
import { silent } from '../../../src/lib/log.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { until } from '../../support/until.ts';
import { answered } from './answered.ts';
import { type Call, call, type Entry, landing, tally } from './call.ts';
import { untilReady } from './envoy.ts';
import { type ProxySpec, portsOf, proxyNamed, startProxy, type TestProxy } from './test-proxy.ts';

export interface LiveMesh {
  readonly server: DiscoveryServer;
  proxy(name: string): TestProxy;
  /** Waits until calls of a proxy's application land there and nowhere else: at applications, or with a status such as `502`. */
  untilLands(proxy: string, what: string | Call, where: () => readonly string[]): Promise<void>;
  /** Resolves when every proxy has in force what the control plane means it to have; fails on a NACK. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface LiveMeshOptions {
  readonly envoy: string;
  readonly block: AddressBlock;
  readonly proxies: readonly ProxySpec[];
  /** Where the mesh comes from, and what differs from how tests usually serve. */
  readonly server: Pick<DiscoveryServerOptions, 'sources'> & Partial<DiscoveryServerOptions>;
}

/** So many calls in a row tell where calls land. */
const manyCalls = 40;

export async function startLiveMesh(options: LiveMeshOptions): Promise<LiveMesh> {
  const { envoy, block, proxies: specs } = options;
  const server = await startDiscoveryServer({
    meshDefaults: portsOf(block),
    xdsAddress: { host: '127.0.0.1', port: 0 },
    httpAddress: { host: '127.0.0.1', port: 0 },
    cluster: 'Kubernetes',
    domainSuffix: 'cluster.local',
    version: 'test',
    log: silent,
    ...options.server,
  });
  const folder = mkdtempSync(join(tmpdir(), 'fairway-live-mesh-'));
  const place = { program: envoy, folder, block, xds: server.xdsAddress };
  const proxies = new Map(specs.map((spec, i) => [spec.name, startProxy(spec, i + 1, place)]));
  const envoys = [...proxies.values()].map((proxy) => proxy.envoy);
  const stop = async () => {
    await Promise.all(envoys.map((one) => one.stop()));
    await server.close(0);
    rmSync(folder, { recursive: true });
  };
  const settle = async () => assert.deepEqual(await answered(server, envoys), [], 'expected no rejection');
  try {
    await Promise.all(envoys.map(untilReady));
    await settle();
  } catch (error) {
    await stop();
    throw error;
  }
  const proxyOf = (name: string) => proxyNamed(proxies, name);
  return {
    server,
    proxy: proxyOf,
    untilLands: (name, what, where) => untilCallsLand(proxyOf(name).httpProxy, what, where),
    settle,
    stop,
  };
}

/** Waits until calls to an entry land there and nowhere else. */
export async function untilCallsLand(entry: Entry, what: string | Call, where: () => readonly string[]): Promise<void> {
  const one = typeof what === 'string' ? { url: what } : what;
  let seen: readonly string[] = [];
  const isThere = async () => {
    const calls = Array.from({ length: manyCalls }, () => call(entry, one).then(landing, String));
    seen = [...tally(await Promise.all(calls)).keys()].sort();
    return seen.join() === [...where()].sort().join();
  };
  const waited = until(isThere, { what: `calls of ${one.url} to land there alone`, mostMs: 20_000 });
  await waited.catch((error) => {
    throw new Error(`${error.message}; expected ${where().join(', ')}, found ${seen.join(', ')}`, { cause: error });
  });
}
