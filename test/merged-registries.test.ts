/** Hosts that several registries have: clusters, catalogs, ServiceEntries. What is asserted is what becomes of calls. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkCalls,
  client,
  landing,
  object,
  planeOf,
  pod,
  reviews,
  service,
  slice,
  split,
  subsets,
  v,
} from './support/catalog-mesh.ts';
import { catalogService, instance } from './support/catalog-services.ts';

describe('a host of Kubernetes and of a catalog', () => {
  const cluster = [
    service('reviews', 'clusterIP: 10.1.0.1, ports: [{ name: http, port: 80 }]'),
    slice('reviews', 'name: http, port: 8080', '10.0.0.1'),
    pod('10.0.0.1', 'version: v1'),
  ];
  const consul = catalogService([reviews], 'web: 80', [instance('10.0.1.1:9090', v('v2'), 'web')]);
  const catalogs = { 'consul/dc1/reviews': consul };
  checkCalls(
    'has the endpoints of both',
    { objects: cluster, catalogs },
    {
      'http://reviews/': '50% 10.0.0.1:8080 50% 10.0.1.1:9090',
    },
  );
  checkCalls(
    'is split between them by subsets',
    { objects: [...cluster, subsets, split], catalogs },
    {
      'http://reviews/': 'v1 90%: 100% 10.0.0.1:8080 | v2 10%: 100% 10.0.1.1:9090',
    },
  );
  checkCalls(
    'is that of the catalog without the cluster',
    { objects: [subsets, split], catalogs },
    {
      'http://reviews/': 'v1 90%: | v2 10%: 100% 10.0.1.1:9090',
    },
  );
  checkCalls(
    'has what the catalog has where the cluster has the Service and no endpoints',
    { objects: cluster.slice(0, 1), catalogs },
    { 'http://reviews/': '100% 10.0.1.1:9090' },
  );
  checkCalls(
    'has no endpoints of a cluster whose Service is gone',
    { objects: [slice('reviews', 'name: web, port: 8080', '10.0.0.1')], catalogs },
    { 'http://reviews/': '100% 10.0.1.1:9090' },
  );
  checkCalls(
    'matches ports by number, and has the ports of both',
    {
      objects: cluster,
      catalogs: {
        'consul/dc1/reviews': catalogService([reviews], 'http: 81, web: 80', [
          { id: 'a', address: '10.0.1.1', ports: { http: 9091, web: 9090 } },
        ]),
      },
    },
    { 'http://reviews/': '50% 10.0.0.1:8080 50% 10.0.1.1:9090', 'http://reviews:81/': '100% 10.0.1.1:9091' },
  );
  checkCalls(
    'has no endpoint that is to be asked of DNS',
    {
      objects: cluster,
      catalogs: { 'consul/dc1/reviews': { ...consul, instances: [instance('vm.internal:80', {}, 'web')] } },
    },
    { 'http://reviews/': '100% 10.0.0.1:8080' },
  );
  it('has a listener at the address in the cluster for a port that the catalog adds', () => {
    const plane = planeOf({
      objects: cluster,
      catalogs: { 'consul/dc1/store': catalogService([reviews], 'tcp: 90', [instance('10.0.1.1:9000', {}, 'tcp')]) },
    });
    assert.equal(landing(plane, 'tcp://reviews:90', client, '10.1.0.1'), '100% 10.0.1.1:9000');
  });
});

describe('a host of a catalog and of a ServiceEntry', () => {
  const entry = object(
    'ServiceEntry',
    'web',
    'hosts: [web.service.consul], resolution: STATIC, ports: [{ number: 80, name: web, protocol: HTTP }, { number: 81, name: more, protocol: HTTP }], endpoints: [{ address: 10.0.2.2, ports: { web: 7070 } }]',
  );
  const web = (namespace: string) => ({
    'consul/dc1/web': catalogService(['web.service.consul'], 'http: 80', [instance('10.0.0.1:8080')], { namespace }),
  });
  checkCalls(
    'is that of the catalog',
    { objects: [entry], catalogs: web('default') },
    {
      'http://web.service.consul/': '100% 10.0.0.1:8080',
      'http://web.service.consul:81/': 'PassthroughCluster 100%: original destination',
    },
  );
  checkCalls(
    'has the endpoints of both in one namespace, as with a Service',
    { objects: [entry], catalogs: web('shop') },
    {
      'http://web.service.consul/': '50% 10.0.0.1:8080 50% 10.0.2.2:7070',
      'http://web.service.consul:81/': 'PassthroughCluster 100%: original destination',
    },
  );
  checkCalls(
    'is that of the ServiceEntry without the catalog',
    { objects: [entry] },
    {
      'http://web.service.consul/': '100% 10.0.2.2:7070',
    },
  );
});

describe('a host that catalogs have in two namespaces', () => {
  const at = (namespace: string, place: string) =>
    catalogService(['ext.test'], 'http: 80', [instance(place)], { namespace });
  const catalogs = { 'consul/dc1/ext': at('shop', '10.0.0.1:8080'), 'nomad/global/ext': at('bank', '10.0.0.2:8080') };
  checkCalls('is to each of them its own', { catalogs }, { 'http://ext.test/': '100% 10.0.0.1:8080' });
  checkCalls(
    'is to each of them its own, to the other too',
    { catalogs },
    { 'http://ext.test/': '100% 10.0.0.2:8080' },
    {
      ...client,
      namespace: 'bank',
    },
  );
});
