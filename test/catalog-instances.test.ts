/** Proxies beside instances of catalogs: what they serve, what they are, where they are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ControlPlane } from '../src/control-plane.ts';
import { type CatalogMesh, object, planeOf, reviews, service } from './support/catalog-mesh.ts';
import { catalogService, instance } from './support/catalog-services.ts';
import { type ProxyText, proxyOf } from './support/proxy.ts';
import { configurationIn, resourcesFor } from './support/proxy-configuration.ts';

/** The ports that a proxy at 10.0.0.1 serves, each with the host whose it is. */
function served(plane: ControlPlane, more: ProxyText = {}): readonly string[] {
  const { clusters } = configurationIn(resourcesFor(plane, proxyOf({ namespace: 'default', pod: 'web', ...more })));
  return [...clusters.values()].flatMap(({ name = '', metadata }) => {
    if (!/^inbound\|/.test(name)) return [];
    const services = metadata?.filterMetadata?.istio?.services as readonly { readonly host: string }[] | undefined;
    return [`${name.split('|')[1]} ${(services ?? []).map(({ host }) => host).join(' ')}`];
  });
}

function serves(name: string, mesh: CatalogMesh, ports: readonly string[], text: ProxyText = {}): void {
  it(name, () => assert.deepEqual(served(planeOf(mesh), text), ports));
}

describe('a proxy beside an instance of a catalog', () => {
  const [web, store] = ['web.service.consul', 'store.service.consul'];
  const two = {
    'consul/dc1/web': catalogService([web], 'http: 80', [instance('10.0.0.1:8080', { id: 'web-1' })]),
    'consul/dc1/store': catalogService([store], 'tcp: 90', [instance('10.0.0.1:9000', { id: 'store-1' }, 'tcp')]),
  };
  serves('serves its ports', { catalogs: { 'consul/dc1/web': two['consul/dc1/web'] } }, [`8080 ${web}`]);
  serves('serves those of every instance at its address', { catalogs: two }, [`8080 ${web}`, `9000 ${store}`]);
  serves('serves those of the one whose name it has', { catalogs: two }, [`9000 ${store}`], { pod: 'store-1' });
  serves('serves those that it says its workload has', { catalogs: two }, [`8080 ${web}`], {
    metadata: { POD_PORTS: '[{"name":"http","containerPort":8080,"protocol":"TCP"}]' },
  });
  serves('serves nothing of an instance elsewhere', { catalogs: two }, [], { ip: '10.0.0.2' });
  serves(
    'serves a port once under all names that the service has',
    { catalogs: { 'consul/dc1/web': { ...two['consul/dc1/web'], hostnames: [web, reviews] } } },
    [`8080 ${reviews} ${web}`],
  );
  serves(
    'serves what the host is in Kubernetes, where that has it',
    {
      objects: [service('reviews', 'ports: [{ name: http, port: 80 }]')],
      catalogs: { 'consul/dc1/web': { ...two['consul/dc1/web'], hostnames: [reviews] } },
    },
    [`8080 ${reviews}`],
  );

  const near = { labels: { version: 'v1', app: 'web' }, locality: { region: 'north', zone: 'a', subzone: '' } };
  it('is where the instance is, and what it is', () => {
    const plane = planeOf({
      objects: [
        object('Sidecar', 'own', 'workloadSelector: { labels: { version: v1 } }, egress: [{ hosts: ["~/*"] }]'),
      ],
      catalogs: { 'consul/dc1/web': { ...two['consul/dc1/web'], instances: [instance('10.0.0.1:8080', near)] } },
    });
    const { scope, close } = plane.connect(proxyOf({ namespace: 'shop' }), () => {});
    assert.deepEqual([scope.client.locality, scope.client.sidecar], ['north/a', 'shop/own']);
    close();
  });
  it('is what it says itself, where it says so', () => {
    const plane = planeOf({
      catalogs: { 'consul/dc1/web': { ...two['consul/dc1/web'], instances: [instance('10.0.0.1:8080', near)] } },
    });
    const { scope, close } = plane.connect(proxyOf({ locality: { region: 'south', zone: '', subzone: '' } }), () => {});
    assert.equal(scope.client.locality, 'south');
    close();
  });
  it('is nowhere in particular where instances at its address do not agree', () => {
    const apart = { ...near, locality: { region: 'south', zone: '', subzone: '' } };
    const plane = planeOf({
      catalogs: {
        'consul/dc1/web': catalogService([web], 'http: 80', [instance('10.0.0.1:8080', near)]),
        'consul/dc1/store': catalogService([store], 'tcp: 90', [instance('10.0.0.1:9000', apart, 'tcp')]),
      },
    });
    const { scope, close } = plane.connect(proxyOf(), () => {});
    assert.equal(scope.client.locality, '');
    close();
  });
});
