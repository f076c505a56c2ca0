/**
 * A control plane and a few real Envoys in one test process.
 *
 *      YAML ─► objects ─► control plane ─► xDS ─► Envoys ─► settled: everything sent is acknowledged and in force
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { BootstrapOptions } from '../../../src/agent/bootstrap.ts';
import type { DiscoveryServer } from '../../../src/discovery-server.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { until } from '../../support/until.ts';
import type { Entry } from './call.ts';
import { type Envoy, startEnvoy, untilReady } from './envoy.ts';
import { startTestControlPlane, type TestControlPlane } from './test-control-plane.ts';

/** A proxy to start. */
export interface ProxySpec {
  readonly name: string;
  readonly namespace: string;
  readonly type?: BootstrapOptions['type'];
  readonly labels?: { readonly [name: string]: string };
  readonly locality?: NonNullable<BootstrapOptions['locality']>;
  readonly dialect?: BootstrapOptions['dialect'];
  /** Metadata beside what `fairway up` gives. */
  readonly metadata?: { readonly [name: string]: unknown };
}

export interface TestProxy {
  readonly envoy: Envoy;
  /** Where others reach it. */
  readonly ip: string;
  /** Where its own application reaches it, or people a gateway. */
  readonly loopback: string;
  /** Where its own application listens. */
  readonly application: string;
  /** The sidecar as an HTTP proxy. */
  readonly httpProxy: Entry;
  /** A port at `loopback` that it listens on for real. */
  port(number: number): Entry;
  /**
   * As if a connection of its application to `ip:port`, or one of others to its workload, had been intercepted. Needs
   * `toldDestinations` of fragments.ts, and REDIRECT.
   */
  intercepting(direction: 'outbound' | 'inbound', destination: string): Entry;
}

export interface TestMesh {
  readonly plane: TestControlPlane;
  /** The objects that are always there. */
  readonly base: string;
  readonly server: DiscoveryServer;
  proxy(name: string): TestProxy;
  /** Makes the base and these objects the whole mesh; resolves when every proxy has it in force, and rejects on a NACK. */
  apply(yaml: string): Promise<void>;
  /** The same, but does not wait. */
  applyAtOnce(yaml: string): void;
  /** Replaces the MeshConfig; an empty text is Istio's defaults. */
  setMeshConfig(yaml: string): Promise<void>;
  /** Resolves when every proxy has in force what the control plane means it to have. */
  settle(): Promise<void>;
  /** Resolves when every proxy has answered everything; yields what it rejected of the last that it was sent. */
  answered(): Promise<readonly string[]>;
  /** Ends everything, and fails if any proxy has ever rejected anything. */
  close(): Promise<void>;
  /** Ends everything, whatever was rejected. */
  stop(): Promise<void>;
}

export interface TestMeshOptions {
  readonly envoy: string;
  readonly block: AddressBlock;
  readonly proxies: readonly ProxySpec[];
  /** Objects that are always there. */
  readonly base: string;
  readonly meshConfig?: string;
}

const httpProxyPort = 15080;
const adminPort = 15000;
const settleMs = 15_000;

export async function startTestMesh(options: TestMeshOptions): Promise<TestMesh> {
  const { envoy: program, block, proxies: specs, base, meshConfig = '' } = options;
  const plane = await startTestControlPlane(base, meshConfig, portsOf(block));
  const folder = mkdtempSync(join(tmpdir(), 'fairway-envoy-'));
  const place = { program, folder, block, xds: plane.server.xdsAddress };
  const proxies = new Map(specs.map((spec, i) => [spec.name, startProxy(spec, i + 1, place)]));
  const envoys = [...proxies.values()].map(({ envoy }) => envoy);
  const stop = async () => {
    await Promise.all(envoys.map((envoy) => envoy.stop()));
    await plane.stop();
    rmSync(folder, { recursive: true });
  };
  const settle = async () => assert.deepEqual(await answered(plane.server, envoys), [], 'expected no rejection');
  const applyAtOnce = (yaml: string) => plane.apply(`${base}\n---\n${yaml}`);
  try {
    await Promise.all(envoys.map(untilReady));
    await settle();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    plane,
    base,
    get server() {
      return plane.server;
    },
    proxy(name) {
      const proxy = proxies.get(name);
      assert.ok(proxy !== undefined, `expected one of the proxies ${[...proxies.keys()].join(', ')}, found ${name}`);
      return proxy;
    },
    applyAtOnce,
    async apply(yaml) {
      applyAtOnce(yaml);
      await settle();
    },
    async setMeshConfig(yaml) {
      plane.setMeshConfig(yaml);
      await settle();
    },
    answered: () => answered(plane.server, envoys),
    settle,
    stop,
    async close() {
      try {
        await assertNothingRejected(plane.server, envoys);
      } finally {
        await stop();
      }
    },
  };
}

interface Place {
  readonly program: string;
  readonly folder: string;
  readonly block: AddressBlock;
  readonly xds: BootstrapOptions['xds'];
}

function startProxy(spec: ProxySpec, number: number, { program, folder, block, xds }: Place): TestProxy {
  const { name, namespace, type = 'sidecar', labels = {}, locality, dialect = 'delta', metadata = {} } = spec;
  const ip = block.at(1, number);
  const loopback = block.at(2, number);
  const application = block.at(3, number);
  const envoy = startEnvoy({
    program,
    folder,
    bootstrap: {
      type,
      ip,
      pod: `${name}-1`,
      namespace,
      domainSuffix: 'cluster.local',
      cluster: 'Kubernetes',
      serviceAccount: name,
      labels,
      workload: name,
      ...(locality === undefined ? {} : { locality }),
      metadata: {
        INTERCEPTION_MODE: 'NONE',
        UNPRIVILEGED_POD: 'true',
        LOOPBACK_ADDRESS: loopback,
        APPLICATION_ADDRESS: application,
        ...(type === 'sidecar' ? { HTTP_PROXY_PORT: String(httpProxyPort) } : {}),
        ...metadata,
      },
      xds,
      dialect,
      admin: { host: ip, port: adminPort },
    },
  });
  return {
    envoy,
    ip,
    loopback,
    application,
    httpProxy: { host: loopback, port: httpProxyPort, isProxy: true },
    port: (port) => ({ host: loopback, port, isProxy: false }),
    intercepting(direction, destination) {
      const { proxyListenPort, proxyInboundListenPort } = portsOf(block);
      const port = direction === 'outbound' ? proxyListenPort : proxyInboundListenPort;
      const [ip, number] = destination.split(':');
      return { host: '127.0.0.1', port, isProxy: false, preface: `PROXY TCP4 10.9.9.9 ${ip} 40000 ${number}\r\n` };
    },
  };
}

/** Where sidecars take intercepted connections, on all addresses: no test process takes another's. */
function portsOf({ number }: AddressBlock): {
  readonly proxyListenPort: number;
  readonly proxyInboundListenPort: number;
} {
  return { proxyListenPort: 20_000 + 2 * number, proxyInboundListenPort: 20_001 + 2 * number };
}

/** Everything that was sent is answered, and no cluster or listener waits for more. Yields what was rejected. */
async function answered({ ads }: DiscoveryServer, envoys: readonly Envoy[]): Promise<readonly string[]> {
  // What was applied is committed and sent at the end of this turn.
  await setImmediate();
  await setImmediate();
  const state = () =>
    ads
      .connections()
      .flatMap(({ types }) => types.map(({ sent }) => sent))
      .join(' ');
  const isAnswered = () =>
    ads.connections().length === envoys.length &&
    ads.connections().every(({ types }) => types.every(({ state }) => state !== 'STALE'));
  const isSettled = async () => {
    if (!isAnswered()) return false;
    const before = state();
    const warming = await Promise.all(envoys.map((envoy) => envoy.stats('warming')));
    return isAnswered() && state() === before && warming.every((stats) => [...stats.values()].every((n) => n === 0));
  };
  await until(isSettled, { what: 'every proxy to have everything in force', mostMs: settleMs });
  return ads
    .connections()
    .flatMap(({ proxy, types }) =>
      types
        .filter((type) => type.state === 'ERROR')
        .map(({ typeUrl, lastError }) => `${proxy.name}: ${typeUrl}: ${lastError?.message}`),
    );
}

async function assertNothingRejected({ ads }: DiscoveryServer, envoys: readonly Envoy[]): Promise<void> {
  const errors = ads
    .connections()
    .flatMap(({ proxy, types }) =>
      types.flatMap(({ lastError }) => (lastError ? [`${proxy.name}: ${lastError.message}`] : [])),
    );
  assert.deepEqual(errors, []);
  for (const envoy of envoys) {
    const counters = await envoy.stats('update_rejected');
    const failures = await envoy.stats('listener_create_failure');
    assert.deepEqual(
      [...counters, ...failures].filter(([, count]) => count > 0),
      [],
      `${envoy.options.pod} rejected something`,
    );
  }
}
