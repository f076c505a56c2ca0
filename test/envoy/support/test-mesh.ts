/**
 * A control plane and a few real Envoys in one test process.
 *
 *      YAML ─► objects ─► control plane ─► xDS ─► Envoys ─► settled: everything sent is acknowledged and in force
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiscoveryServer } from '../../../src/discovery-server.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { answered } from './answered.ts';
import { type Envoy, untilReady } from './envoy.ts';
import { startTestControlPlane, type TestControlPlane } from './test-control-plane.ts';
import { type ProxySpec, portsOf, proxyNamed, startProxy, type TestProxy } from './test-proxy.ts';

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
    proxy: (name) => proxyNamed(proxies, name),
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
