/** A datacenter of a real Consul shows what every registry has to show. A proxy before its agent cuts it off. */
import { after, before } from 'node:test';
import { silent } from '../../src/lib/log.ts';
import type { Catalog } from '../../src/model/catalog.ts';
import { catalogRows } from '../../src/registry/conformance/catalog-rows.ts';
import type { WantedInstance, World } from '../../src/registry/conformance/world.ts';
import { consulCatalogs } from '../../src/registry/consul/consul-catalog.ts';
import { takeTestBlock } from '../envoy/support/test-blocks.ts';
import { conformanceSuite } from '../support/conformance-suite.ts';
import { type Answer, startHttpFaultProxy } from '../support/http-fault-proxy.ts';
import { plainAccess } from '../support/plain-access.ts';
import { type Consul, startConsul } from './support/consul.ts';
import { html, ofInstances, resets } from './support/faults.ts';
import { describeWithConsul } from './support/suite.ts';

function catalogAt(server: URL): Catalog {
  const [catalog] = consulCatalogs({
    access: plainAccess(server),
    datacenters: [],
    namespace: 'default',
    domain: 'consul',
    aliases: [],
    address: 'lan',
    connections: 64,
    userAgent: 'test',
    log: silent,
  });
  if (catalog === undefined) throw new Error('expected a catalog, found none');
  return catalog;
}

/** An instance of a service of which nothing else is known. */
const unreadable: WantedInstance = { id: 'unreadable', address: '10.9.0.7', port: 8080, isHealthy: true };

interface Entry {
  readonly Service: object;
}

/** The same answer with other entries. */
function withEntries({ body, ...answer }: Answer, change: (entries: readonly Entry[]) => readonly unknown[]): Answer {
  return answer.status === 200
    ? { ...answer, body: JSON.stringify(change(JSON.parse(body) as readonly Entry[])) }
    : { ...answer, body };
}

async function openWorld(consul: Consul): Promise<World> {
  const proxy = await startHttpFaultProxy(consul.url);
  const registered = new Map<string, Map<string, WantedInstance>>();
  /** Ends that what Consul says of a service cannot be read. */
  const mend = new Map<string, () => void>();
  let mark = 0;
  const idOf = (service: string, { id }: Pick<WantedInstance, 'id'>) => `${service}-${id}`;
  /** Tags are words that mean nothing to the mesh; each registration is a new one to Consul. */
  const register = async (service: string, instance: WantedInstance) => {
    mark += 1;
    await consul.register({
      ID: idOf(service, instance),
      Name: service,
      Address: instance.address,
      Port: instance.port,
      Tags: [`mark ${mark}`],
      status: instance.isHealthy ? 'passing' : 'critical',
    });
  };
  const all = () =>
    [...registered].flatMap(([service, instances]) =>
      [...instances.values()].map((instance) => ({ service, instance })),
    );
  return {
    source: () => catalogRows(catalogAt(proxy.url)),
    hostname: (service) => `${service}.service.consul`,
    async put(service, instances) {
      mend.get(service)?.();
      const before = registered.get(service) ?? new Map<string, WantedInstance>();
      registered.set(service, new Map(instances.map((one) => [one.id, one])));
      for (const one of instances) {
        const known = before.get(one.id);
        before.delete(one.id);
        if (known?.address !== one.address || known.port !== one.port) await register(service, one);
        else if (known.isHealthy !== one.isHealthy)
          await consul.check(idOf(service, one), one.isHealthy ? 'passing' : 'critical');
      }
      for (const one of before.values()) await consul.deregister(idOf(service, one));
    },
    async remove(service) {
      for (const one of registered.get(service)?.values() ?? []) await consul.deregister(idOf(service, one));
      registered.delete(service);
    },
    async breakConnection() {
      proxy.inject({ answer: resets });
      proxy.breakOpen();
    },
    async garble() {
      proxy.inject({ answer: html(200) });
      proxy.breakOpen();
    },
    mendConnection: () => proxy.heal(),
    async reorder() {
      proxy.inject({ on: ofInstances(), bend: (answer) => withEntries(answer, (entries) => entries.toReversed()) });
      for (const { service, instance } of all()) await register(service, instance);
    },
    async putBroken(service) {
      const bend = (entries: readonly Entry[]) =>
        entries.map((entry) => ({ ...entry, Service: { ...entry.Service, Port: 'none' } }));
      mend.set(service, proxy.inject({ on: ofInstances(service), bend: (answer) => withEntries(answer, bend) }));
      const instances = registered.get(service) ?? new Map([[unreadable.id, unreadable]]);
      registered.set(service, instances);
      for (const one of instances.values()) await register(service, one);
    },
    async loseState() {
      await consul.stop('SIGKILL');
      registered.clear();
      await consul.start();
    },
    cannot: {},
    noticesMs: 30_000,
    quietMs: 500,
    async close() {
      for (const { service, instance } of all()) await consul.deregister(idOf(service, instance));
      await proxy.close();
    },
  };
}

describeWithConsul('Consul', (program) => {
  let consul: Consul;
  let release = () => {};
  before(async () => {
    const block = await takeTestBlock();
    release = () => block.release();
    consul = await startConsul({ program, block });
  });
  after(async () => {
    await consul?.close();
    release();
  });
  conformanceSuite('a datacenter', () => openWorld(consul));
});
