/** Services and EndpointSlices of a real API server show what every registry has to show. A proxy before it cuts them off. */
import { after, before } from 'node:test';
import { ApiClient } from '../../src/kubernetes/api-client.ts';
import { clusterSources } from '../../src/kubernetes/cluster-sources.ts';
import { registryResources } from '../../src/kubernetes/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silent } from '../../src/lib/log.ts';
import { fixedCredentials, type ServerAccess } from '../../src/lib/server-access.ts';
import type { ObjectSource } from '../../src/model/object-source.ts';
import type { World } from '../../src/registry/conformance/world.ts';
import { VisibilityLog } from '../../src/source/visibility-log.ts';
import { serviceObject, sliceObject } from '../support/conformance-objects.ts';
import { conformanceSuite } from '../support/conformance-suite.ts';
import { objectRows } from '../support/object-rows.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type FaultProxy, startFaultProxy } from './support/fault-proxy.ts';
import { hangsUp, html } from './support/faults.ts';
import { describeWithKubernetes } from './support/suite.ts';

const name = 'kubernetes/Kubernetes';
const services = '/api/v1/namespaces/shop/services';
const slices = '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices';

function sourcesOf({ url }: FaultProxy, { adminToken }: Cluster): readonly ObjectSource[] {
  const access: ServerAccess = {
    server: url,
    trust: { authorities: async () => undefined, isUnverified: false },
    credentials: fixedCredentials({ token: adminToken }),
  };
  return clusterSources({
    client: new ApiClient({ access, userAgent: 'test' }),
    name,
    resources: registryResources,
    log: silent,
    visibility: new VisibilityLog({ name, log: silent, clock: systemClock }),
    times: { pastMs: 1000, retry: { firstMs: 20, mostMs: 200 } },
  });
}

interface Named {
  readonly metadata: { readonly name: string };
}

/** An object, or a list or an event of objects, in which those of some names have a spec that makes no sense. */
function broken(text: string, names: ReadonlySet<string>): string {
  const bend = (object: Named) => (names.has(object.metadata.name) ? { ...object, spec: { ports: 'none' } } : object);
  const value = JSON.parse(text) as { readonly items?: readonly Named[]; readonly object?: Named };
  if (value.items !== undefined) return JSON.stringify({ ...value, items: value.items.map(bend) });
  return JSON.stringify(value.object === undefined ? value : { ...value, object: bend(value.object) });
}

async function openWorld(cluster: Cluster): Promise<World> {
  const proxy = await startFaultProxy(cluster);
  const there = new Set<string>();
  const unreadable = new Set<string>();
  let mark = 0;
  proxy.inject({
    on: ({ resource }) => resource === 'services' && unreadable.size > 0,
    body: (body) => broken(body, unreadable),
    line: (line) => [`${broken(line, unreadable)}\n`],
  });
  const apply = (path: string, object: object) =>
    cluster.api('PATCH', `${path}?fieldManager=test&force=true`, object, 'application/apply-patch+yaml');
  const applyService = async (service: string) => {
    there.add(service);
    mark += 1;
    const object = serviceObject(service) as { readonly metadata: object };
    const metadata = { ...object.metadata, annotations: { mark: String(mark) } };
    await apply(`${services}/${service}`, { ...object, metadata });
  };
  const remove = async (service: string) => {
    there.delete(service);
    unreadable.delete(service);
    for (const path of [slices, services]) await cluster.api('DELETE', `${path}/${service}`).catch(() => {});
  };
  const goWrong = async (answer: typeof hangsUp) => {
    proxy.inject({ on: () => true, answer });
    proxy.breakWatches();
  };
  return {
    source: () => objectRows(sourcesOf(proxy, cluster)),
    hostname: (service) => `${service}.shop.svc.cluster.local`,
    async put(service, instances) {
      const isNew = !there.has(service) || unreadable.delete(service);
      await apply(`${slices}/${service}`, sliceObject(service, instances));
      if (isNew) await applyService(service);
    },
    remove,
    breakConnection: () => goWrong(hangsUp),
    garble: () => goWrong(html(200)),
    async mendConnection() {
      proxy.heal();
    },
    async putBroken(service) {
      unreadable.add(service);
      await applyService(service);
    },
    cannot: {
      reorder: 'an API server lists by name, and the order within an object is part of it',
      loseState: 'a server without its etcd is another cluster',
    },
    async close() {
      for (const service of there) await remove(service);
      await proxy.close();
    },
  };
}

describeWithKubernetes('Kubernetes', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster();
    await cluster.api('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
  });
  after(() => cluster?.stop());
  conformanceSuite('a cluster', () => openWorld(cluster));
});
