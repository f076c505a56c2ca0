/** A region of Nomad shows what every registry has to show. A proxy before the stand-in cuts it off. */
import { silent } from '../../src/lib/log.ts';
import { catalogRows } from '../../src/registry/conformance/catalog-rows.ts';
import type { WantedInstance, World } from '../../src/registry/conformance/world.ts';
import { nomadCatalog } from '../../src/registry/nomad/nomad-catalog.ts';
import { html, resets } from '../consul/support/faults.ts';
import { conformanceSuite } from '../support/conformance-suite.ts';
import { startHttpFaultProxy } from '../support/http-fault-proxy.ts';
import { plainAccess } from '../support/plain-access.ts';
import { NomadServer } from './support/nomad-server.ts';
import type { Allocation, Check, Registration } from './support/nomad-state.ts';

const options = {
  region: 'global',
  namespaces: ['default'],
  aliases: [],
  connections: 64,
  userAgent: 'test',
  log: silent,
  times: { checks: { requestMs: 1, settledMs: 50, unsettledMs: 50 } },
};

async function openWorld(): Promise<World> {
  const server = new NomadServer();
  await server.start();
  const proxy = await startHttpFaultProxy(new URL(server.url));
  const { state } = server;
  const registered = new Map<string, ReadonlyMap<string, WantedInstance>>();
  const run = (service: string, instance: WantedInstance) => {
    const id = allocationOf(service, instance);
    state.allocate(allocation(service, id));
    state.checks.set(id, [checkOf(service, instance)]);
    state.register(registration(service, id, instance));
  };
  const stop = (service: string, instance: WantedInstance) => {
    const id = allocationOf(service, instance);
    state.deregister([registrationOf(id)]);
    state.changeAllocation(id, { ClientStatus: 'complete', DesiredStatus: 'stop' });
    state.checks.delete(id);
  };
  const put: World['put'] = async (service, instances) => {
    const before = new Map(registered.get(service));
    registered.set(service, new Map(instances.map((one) => [one.id, one])));
    for (const one of instances) {
      const known = before.get(one.id);
      before.delete(one.id);
      if (known?.address !== one.address || known.port !== one.port) run(service, one);
      else state.checks.set(allocationOf(service, one), [checkOf(service, one)]);
    }
    for (const one of before.values()) stop(service, one);
  };
  return {
    source: () => catalogRows(nomadCatalog({ ...options, access: plainAccess(proxy.url) })),
    hostname: (service) => `${service}.default.nomad`,
    put,
    async remove(service) {
      for (const one of registered.get(service)?.values() ?? []) stop(service, one);
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
      const reverse = (body: string) => {
        const value: unknown = JSON.parse(body);
        return JSON.stringify(Array.isArray(value) ? value.toReversed() : value);
      };
      proxy.inject({
        on: ({ path }) => path.startsWith('/v1/service/'),
        bend: (answer) => (answer.status === 200 ? { ...answer, body: reverse(answer.body) } : answer),
      });
      for (const [service, instances] of registered) for (const one of instances.values()) run(service, one);
    },
    async loseState() {
      await server.stop();
      state.clear();
      registered.clear();
      await server.start();
    },
    cannot: { putBroken: 'Nomad itself writes what tasks register, in one form' },
    noticesMs: 30_000,
    quietMs: 300,
    async close() {
      await proxy.close();
      await server.close();
    },
  };
}

function allocationOf(service: string, { id }: WantedInstance): string {
  return `allocation-${service}-${id}`;
}

function registrationOf(allocationId: string): string {
  return `_nomad-task-${allocationId}`;
}

function allocation(service: string, ID: string): Omit<Allocation, 'CreateIndex' | 'ModifyIndex'> {
  return {
    ClientStatus: 'running',
    DesiredStatus: 'run',
    ID,
    JobID: service,
    Name: `${service}.${service}[0]`,
    Namespace: 'default',
    NodeID: 'node-1',
    NodeName: 'node-1',
    TaskGroup: service,
  };
}

function registration(
  service: string,
  AllocID: string,
  { address, port }: WantedInstance,
): Omit<Registration, 'CreateIndex' | 'ModifyIndex'> {
  return {
    Address: address,
    AllocID,
    Datacenter: 'dc1',
    ID: registrationOf(AllocID),
    JobID: service,
    Namespace: 'default',
    NodeID: 'node-1',
    Port: port,
    ServiceName: service,
    Tags: [],
  };
}

function checkOf(service: string, { isHealthy }: WantedInstance): Check {
  return {
    Check: 'alive',
    Group: service,
    ID: `${service}-alive`,
    Mode: 'healthiness',
    Output: '',
    Service: service,
    Status: isHealthy ? 'success' : 'failure',
    Timestamp: 0,
  };
}

conformanceSuite('a region', openWorld);
