/** What the hosts that a proxy sees stand for, to those whose agent answers DNS. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resourceJson } from '../src/resource/json.ts';
import { nameTableType } from '../src/resource/types.ts';
import { controlPlaneOf } from './support/control-plane.ts';
import { changesIn } from './support/objects.ts';
import { type ProxyText, proxyOf } from './support/proxy.ts';

const service = (name: string, spec: string, namespace = 'shop') =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { ${spec}, ports: [{ name: http, port: 80 }] }`;
const slice = (name: string, endpoints: string) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }\naddressType: IPv4\nports: [{ name: http, port: 8080 }]\nendpoints: [${endpoints}]`;
const entry = (hosts: string, more: string, namespace = 'shop') =>
  `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: outside, namespace: ${namespace} }\nspec: { hosts: [${hosts}], resolution: STATIC, ports: [{ number: 80, name: http, protocol: HTTP }], ${more} }`;
const sidecar = `apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: { name: default, namespace: shop }\nspec: { egress: [{ hosts: ['./*'] }] }`;

interface Mesh {
  readonly home: readonly string[];
  readonly east?: readonly string[];
}

/** `host=addresses`, by host. */
function namesFor({ home, east }: Mesh, metadata: ProxyText['metadata']): readonly string[] {
  const plane = controlPlaneOf(home.join('\n---\n'), { cluster: 'home' });
  if (east !== undefined) {
    plane.addCluster('east');
    plane.apply(changesIn(east.join('\n---\n')), 'east');
    plane.commit();
  }
  const { scope } = plane.connect(proxyOf({ ip: '10.9.9.9', metadata: { CLUSTER_ID: 'home', ...metadata } }), () => {});
  const tables = [...(plane.view(nameTableType, scope)?.contents.resources() ?? [])].map(
    (resource) =>
      resourceJson(resource) as { readonly table?: { readonly [host: string]: { readonly ips: string[] } } },
  );
  return tables.flatMap(({ table = {} }) => Object.entries(table).map(([host, { ips }]) => `${host}=${ips}`)).sort();
}

function check(name: string, mesh: Mesh, expected: readonly string[], metadata: ProxyText['metadata'] = {}): void {
  it(name, () => assert.deepEqual(namesFor(mesh, { DNS_CAPTURE: 'true', ...metadata }), expected));
}

describe('a host stands for', () => {
  check(
    'the virtual addresses of its Service',
    { home: [service('a', 'clusterIP: 10.1.0.1, clusterIPs: [10.1.0.1, "fd00::1"]')] },
    ['a.shop.svc.cluster.local=10.1.0.1,fd00::1'],
    { INSTANCE_IPS: '10.9.9.9,fd00::9' },
  );
  check(
    'what the client has a way to: where something listens for it',
    { home: [service('a', 'clusterIP: 10.1.0.1, clusterIPs: [10.1.0.1, "fd00::1"]'), entry('ext.test', '')] },
    ['a.shop.svc.cluster.local=fd00::1', 'ext.test=2001:2::f0f0:b344'],
    { INSTANCE_IPS: 'fd00::9' },
  );
  check(
    'addresses that its client has no way to, where it has no others',
    { home: [entry('ext.test', 'addresses: ["fd00::7"]')] },
    ['ext.test=fd00::7'],
  );
  check(
    'the addresses of its ServiceEntry, but for blocks',
    { home: [entry('ext.test', 'addresses: [10.7.0.1, 10.8.0.0/16]')] },
    ['ext.test=10.7.0.1'],
  );
  check(
    'the endpoints of a headless Service that can be called',
    {
      home: [
        service('a', 'clusterIP: None'),
        slice(
          'a',
          '{ addresses: [10.0.0.2] }, { addresses: [10.0.0.1] }, { addresses: [10.0.0.3], conditions: { ready: false, terminating: false } }',
        ),
      ],
    },
    ['a.shop.svc.cluster.local=10.0.0.1,10.0.0.2'],
  );
  check(
    'all endpoints of a headless Service that says so',
    {
      home: [
        service('a', 'clusterIP: None, publishNotReadyAddresses: true'),
        slice(
          'a',
          '{ addresses: [10.0.0.1] }, { addresses: [10.0.0.3], conditions: { ready: false, terminating: false } }',
        ),
      ],
    },
    ['a.shop.svc.cluster.local=10.0.0.1,10.0.0.3'],
  );
  check(
    'nothing, where only UDP goes there, which no proxy takes',
    { home: [entry('ext.test', '').replace('name: http, protocol: HTTP', 'name: ntp, protocol: UDP')] },
    [],
  );
  check(
    'nothing, where only DNS itself knows',
    { home: [service('a', 'type: ExternalName, externalName: ext.test')] },
    [],
  );
  check('nothing, to an application that asks somebody else', { home: [service('a', 'clusterIP: 10.1.0.1')] }, [], {
    DNS_CAPTURE: 'false',
  });
  check(
    'nothing, where a Sidecar leaves it out',
    { home: [service('a', 'clusterIP: 10.1.0.1'), service('b', 'clusterIP: 10.1.0.2', 'bank'), sidecar] },
    ['a.shop.svc.cluster.local=10.1.0.1'],
  );
  check(
    'what the Service says, if a ServiceEntry claims it too',
    { home: [service('a', 'clusterIP: 10.1.0.1'), entry('a.shop.svc.cluster.local', 'addresses: [10.7.0.1]', 'bank')] },
    ['a.shop.svc.cluster.local=10.1.0.1'],
  );
});

describe('in a mesh of two clusters a host stands for', () => {
  const headless = (address: string) => [service('a', 'clusterIP: None'), slice('a', `{ addresses: [${address}] }`)];
  const virtual = { home: [service('a', 'clusterIP: 10.1.0.1')], east: [service('a', 'clusterIP: 10.2.0.1')] };
  check('the address that its Service has in the own cluster', virtual, ['a.shop.svc.cluster.local=10.2.0.1'], {
    CLUSTER_ID: 'east',
  });
  check(
    'the endpoints of a headless Service in the own cluster',
    { home: headless('10.0.0.1'), east: headless('10.0.1.1') },
    ['a.shop.svc.cluster.local=10.0.0.1'],
  );
  // Whoever is like all others to a namespace keeps its cluster towards its names.
  check('nothing, where a headless Service is in another cluster alone', { home: [], east: headless('10.0.1.1') }, [], {
    NAMESPACE: 'bank',
  });
});
