import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogService, instance } from '../../../test/support/catalog-services.ts';
import { analysisWith, object, service } from '../../../test/support/mesh.ts';
import type { CatalogService } from '../../model/catalog.ts';

function check(
  name: string,
  catalogs: { readonly [name: string]: CatalogService },
  objects: readonly string[],
  ...lines: readonly string[]
): void {
  it(name, () => assert.deepEqual(analysisWith(catalogs, ...objects), lines));
}

const web = (host: string, more: Partial<CatalogService> = {}) =>
  catalogService([host], 'http: 80', [instance('10.0.0.1:8080', { labels: { version: 'v1' } })], more);
const inCluster = 'a.shop.svc.cluster.local';

describe('a host of a catalog', () => {
  check('may be in several catalogs', { 'consul/dc1/web': web('web.test'), 'nomad/global/web': web('web.test') }, []);
  check('may be in Kubernetes', { 'consul/dc1/a': web(inCluster) }, [service('shop/a', 'http: 80')]);
  check(
    'in two namespaces is that of the older one',
    {
      'consul/dc1/web': web('web.test', { namespace: 'shop', createdAt: 2 }),
      'nomad/global/web': web('web.test', { namespace: 'bank', createdAt: 1 }),
    },
    [],
    'warning FW1207 ConsulService shop/web hostnames: expected a host that no other namespace has, found web.test in bank too: workloads outside of namespace shop do not use this one',
    '  ConsulService bank/web of cluster nomad/global has the host',
  );
  check(
    'is not that of a ServiceEntry',
    { 'consul/dc1/web': web('web.test') },
    [
      object(
        'ServiceEntry',
        'shop/e',
        '{hosts: [WEB.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: more, protocol: HTTP}], endpoints: [{address: 10.0.0.1}]}',
      ),
    ],
    'warning FW1201 ServiceEntry shop/e spec.hosts[0]: expected a host that no service of a catalog has, found web.test: the service of consul/dc1 counts, and ports 81 of this entry lead nowhere',
    '  ConsulService default/web of cluster consul/dc1 has the host',
  );
  check(
    'of Kubernetes has no instances with names',
    { 'consul/dc1/a': { ...web(inCluster), instances: [instance('vm.internal:80'), instance('other.internal:80')] } },
    [service('shop/a', 'http: 80')],
    'warning FW1208 ConsulService default/a instances: expected IP addresses, as a.shop.svc.cluster.local is a Service of Kubernetes, found 2 names such as other.internal: no requests go there',
    '  Service shop/a says what the host is',
  );
  check(
    'has instances',
    { 'consul/dc1/web': { ...web('web.test'), instances: [] } },
    [],
    'warning FW1203 ConsulService default/web: expected an endpoint, found none for web.test: requests to it get 503',
  );
  check(
    'has a port that says nothing of what it speaks',
    { 'consul/dc1/web': catalogService(['web.test'], 'x: 80', [instance('10.0.0.1:8080', {}, 'x')]) },
    [],
  );
});

describe('rules for a host of a catalog', () => {
  const rule = (kind: string, spec: string) => object(kind, 'shop/r', `{${spec}}`);
  const catalogs = { 'consul/dc1/web': web('web.service.consul'), 'consul/dc1/a': web(inCluster) };
  check('find it, by its short name too', catalogs, [
    rule(
      'VirtualService',
      'hosts: [web.service.consul], http: [{route: [{destination: {host: web.service.consul, port: {number: 80}}}]}]',
    ),
    rule('DestinationRule', 'host: a, subsets: [{name: v1, labels: {version: v1}}]'),
    rule('Sidecar', 'egress: [{hosts: [default/web.service.consul, ./*]}]'),
  ]);
  check(
    'know its ports and versions',
    catalogs,
    [
      rule(
        'VirtualService',
        'hosts: [a], http: [{route: [{destination: {host: web.service.consul, port: {number: 81}}}]}, {route: [{destination: {host: web.service.consu}}]}]',
      ),
      rule('DestinationRule', 'host: a, subsets: [{name: v2, labels: {version: v2}}]'),
    ],
    'warning FW1104 DestinationRule shop/r spec.subsets[0]: expected an endpoint of a.shop.svc.cluster.local with version=v2, found none among 1: requests for subset v2 get 503',
    '  ConsulService default/a of cluster consul/dc1 is the service',
    'error FW1004 VirtualService shop/r spec.http[0].route[0].destination.port: expected a port of web.service.consul, found 81, which it lacks: requests get 503',
    '  ConsulService default/web of cluster consul/dc1 has the ports 80',
    'error FW1002 VirtualService shop/r spec.http[1].route[0].destination.host: expected a service, found none of the name web.service.consu: requests get 503',
  );
});
