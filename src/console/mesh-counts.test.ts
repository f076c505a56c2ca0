import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogService, instance } from '../../test/support/catalog-services.ts';
import { kubernetesRows } from '../../test/support/rows.ts';
import type { CatalogService } from '../model/catalog.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Service } from '../model/service.ts';
import { CatalogRegistry } from '../registry/catalog/registry.ts';
import type { RegistryChange } from '../registry/registry.ts';
import { countMesh, type MeshCounts } from './mesh-counts.ts';

const service = (rest = '') =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {${rest}ports: [{name: http, port: 80}, {name: grpc, port: 90}]}\n`;
const slice = (ports: string, conditions = 'ready: true') =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a-1, namespace: shop, labels: {kubernetes.io/service-name: a}}\naddressType: IPv4\nports: [${ports}]\nendpoints: [{addresses: [10.1.0.1], conditions: {${conditions}}}]\n`;
const pod =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {app: a}}\nstatus: {podIP: 10.1.0.7}\n';
const ports = '{name: http, port: 8080}, {name: grpc, port: 9090}';

const nothing: MeshCounts = {
  endpointsNotReady: 0,
  portsWithoutEndpoints: 0,
  dnsWithoutEndpoints: 0,
  proxiesWithoutEndpoint: 0,
};

/** Rows of Kubernetes objects, changed by `change` where a test needs a service that no Service can state. */
function count(
  objects: readonly string[],
  change: (service: Service) => Service,
  proxies: readonly Proxy[],
  registered?: CatalogService,
): MeshCounts {
  const registry = kubernetesRows();
  for (const object of objects) registry.apply(object);
  const inCluster = <Row extends object>(row: Row) => ({ ...row, registry: 'kubernetes/c1' });
  const inCatalog: RegistryChange[] = [];
  const catalog = new CatalogRegistry(
    { name: 'consul/dc1', kind: 'ConsulService', cluster: 'c1' },
    { apply: (changes) => inCatalog.push(...changes), problems: () => {} },
  );
  catalog.apply([{ name: 'a', service: registered }]);
  return countMesh({
    services: [
      ...[...registry.rows('service').values()].map(change).map(inCluster),
      ...inCatalog.flatMap(({ table, row }) => (table === 'service' && row !== undefined ? [row] : [])),
    ],
    shards: [
      ...[...registry.rows('endpointShard').values()].map(inCluster),
      ...inCatalog.flatMap(({ table, row }) => (table === 'endpointShard' && row !== undefined ? [row] : [])),
    ],
    workloads: registry.rows('workload').values(),
    proxies,
  });
}

describe('what is missing in a mesh', () => {
  function check(
    name: string,
    objects: readonly string[],
    expected: Partial<MeshCounts>,
    change: (service: Service) => Service = (row) => row,
  ): void {
    it(name, () => assert.deepEqual(count(objects, change, []), { ...nothing, ...expected }));
  }
  const asDns = (row: Service): Service => ({ ...row, resolution: 'dns' });
  const selecting = (row: Service): Service => ({ ...row, selector: { app: 'a' }, selects: 'all-workloads' });

  check('is nothing when all ports have endpoints', [service(), slice(ports)], {});
  check('are the ports of a service without endpoints', [service()], { portsWithoutEndpoints: 2 });
  check('is a port that no endpoint has', [service(), slice('{name: http, port: 8080}')], { portsWithoutEndpoints: 1 });
  check(
    'is not a port for datagrams',
    [service().replace('{name: grpc, port: 90}', '{name: dns, port: 53, protocol: UDP}')],
    { portsWithoutEndpoints: 1 },
  );
  check('are no ports of a service whose workloads are selected', [service(), pod], {}, selecting);
  it('are no ports that instances of a catalog serve under other names', () => {
    const registered = catalogService(['a.shop.svc.cluster.local'], 'web: 80, http: 91', [
      instance('10.1.0.1:8080', {}, 'web'),
    ]);
    // Nobody serves 90 in the cluster, and 91 in the catalog.
    assert.deepEqual(
      count([service()], (row) => row, [], registered),
      { ...nothing, portsWithoutEndpoints: 2 },
    );
  });
  check('are no ports of a headless service', [service('clusterIP: None, ')], {});
  check('are no ports of an alias', [service('type: ExternalName, externalName: b.example.com, ')], {});
  check('are endpoints that are not ready', [service(), slice(ports, 'ready: false, terminating: false')], {
    endpointsNotReady: 1,
  });
  check('is a service that DNS is asked for without a name', [service()], { dnsWithoutEndpoints: 1 }, asDns);
  check('is no service that DNS is asked for by a name', [service(), slice(ports)], {}, asDns);
});

describe('a connected sidecar', () => {
  function check(name: string, proxy: Pick<Proxy, 'type' | 'addresses'>, proxiesWithoutEndpoint: number): void {
    it(name, () => {
      const counts = count([service(), slice(ports), pod], (row) => row, [proxy as Proxy]);
      assert.equal(counts.proxiesWithoutEndpoint, proxiesWithoutEndpoint);
    });
  }

  check('is known by an endpoint at its address', { type: 'sidecar', addresses: ['10.1.0.1'] }, 0);
  check('is known by a workload at its address', { type: 'sidecar', addresses: ['10.9.9.9', '10.1.0.7'] }, 0);
  check('is unknown otherwise', { type: 'sidecar', addresses: ['10.9.9.9'] }, 1);
  check('is unknown without an address', { type: 'sidecar', addresses: [] }, 1);
  check('is none when it is a gateway', { type: 'router', addresses: ['10.9.9.9'] }, 0);
});
