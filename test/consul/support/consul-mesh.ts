/**
 * A mesh whose services are in a real Consul, with a real Envoy beside the caller.
 *
 *      instances ─► agents ─► Consul ─► blocking queries ─► control plane ─► xDS ─► Envoy ◄─ calls of the client
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { findEnvoy } from '../../../src/agent/envoy-program.ts';
import { must } from '../../../src/lib/assert.ts';
import type { Catalog } from '../../../src/model/catalog.ts';
import type { ObjectSource } from '../../../src/model/object-source.ts';
import type { Freshness } from '../../../src/model/source.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { type Application, startHttpApplication } from '../../envoy/support/application.ts';
import type { Call } from '../../envoy/support/call.ts';
import { type LiveMesh, startLiveMesh } from '../../envoy/support/live-mesh.ts';
import { constantLoad, type Load } from '../../envoy/support/load.ts';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import type { ConsulApi, Registration } from './api.ts';

export interface ConsulMesh {
  readonly mesh: LiveMesh;
  /** Makes these rules the ones in force, and resolves when they are. */
  rule(yaml: string): Promise<void>;
  /**
   * Starts an instance of a service, registers it with an agent, with a check that passes, and yields its name: `web-1`.
   */
  startInstance(agent: ConsulApi, service: string, more?: Partial<Registration>): Promise<string>;
  /** Registers instances that run already as they were registered before, with an agent that has lost them. */
  registerAgain(agent: ConsulApi, ...instances: readonly string[]): Promise<void>;
  /** Waits until calls of a service land at these instances and nowhere else. */
  untilReaches(call: string | Call, ...instances: readonly string[]): Promise<void>;
  /** Calls a service all the time until the test is over, at which not one call may have failed. */
  keepCalling(test: Pick<TestContext, 'after'>, service: string): Load;
  freshness(): Freshness;
  /** Waits until the catalog is called stale for a reason of this kind. */
  untilStale(reason: RegExp): Promise<void>;
  untilLive(): Promise<void>;
  close(): Promise<void>;
}

/** All instances of all services serve at it, each at an address of its own. */
const port = 8080;

export const urlOf = (service: string): string => `http://${service}.service.consul:${port}/`;

export async function startConsulMesh(block: AddressBlock, catalog: Catalog): Promise<ConsulMesh> {
  const rules = memorySource('rules');
  const applications: Application[] = [];
  const registrations = new Map<string, Registration>();
  const source: ObjectSource = {
    name: rules.name,
    async run(sink, signal) {
      await rules.run(sink, signal);
      sink.synced();
    },
  };
  const mesh = await startLiveMesh({
    envoy: must(findEnvoy(), 'an Envoy').path,
    block,
    proxies: [{ name: 'client', namespace: 'shop', labels: { app: 'client' } }],
    server: { sources: [source], catalogs: [catalog] },
  });
  let inForce = '';
  const freshness = (): Freshness => {
    const { sources } = mesh.server.controlPlane;
    return must(
      sources.find(({ name }) => name === catalog.name),
      catalog.name,
    ).freshness;
  };
  const untilFreshness = async (what: string, holds: (found: Freshness) => boolean) => {
    const waited = until(() => holds(freshness()), { what: `${catalog.name} to be ${what}`, mostMs: 30_000 });
    await waited.catch((error) => {
      throw new Error(`${error.message}; found ${JSON.stringify(freshness())}`, { cause: error });
    });
  };
  return {
    mesh,
    async rule(yaml) {
      if (inForce !== '') rules.remove(inForce);
      if (yaml !== '') rules.apply(yaml);
      inForce = yaml;
      await mesh.settle();
    },
    async startInstance(agent, service, more = {}) {
      const number = applications.length + 1;
      const name = `${service}-${number}`;
      const application = await startHttpApplication({ name, address: block.at(20, number), port });
      applications.push(application);
      const { address: Address } = application;
      const registration = { ID: name, Name: service, Address, Port: port, status: 'passing', ...more } as const;
      registrations.set(name, registration);
      await agent.register(registration);
      return name;
    },
    async registerAgain(agent, ...instances) {
      for (const name of instances) await agent.register(must(registrations.get(name), name));
    },
    untilReaches(what, ...instances) {
      const call = typeof what === 'string' ? urlOf(what) : what;
      return mesh.untilLands('client', call, () => instances);
    },
    keepCalling(test, service) {
      const load = constantLoad(mesh.proxy('client').httpProxy, { url: urlOf(service) });
      test.after(async () => {
        await load.stop();
        assert.ok(load.landings.length > 0, 'expected calls');
        const failed = load.landings.filter((landing) => !landing.startsWith(`${service}-`));
        assert.deepEqual([...new Set(failed)], [], `${failed.length} of ${load.landings.length} calls failed`);
      });
      return load;
    },
    freshness,
    untilStale: (reason) => untilFreshness(`stale: ${reason}`, (it) => it.state === 'stale' && reason.test(it.reason)),
    untilLive: () => untilFreshness('live', ({ state }) => state === 'live'),
    async close() {
      await mesh.stop();
      await Promise.all(applications.map((application) => application.close()));
    },
  };
}
