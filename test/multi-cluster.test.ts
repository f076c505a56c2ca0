/** What proxies of several clusters get: the services of all of them as one, each with its own virtual addresses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ControlPlane } from '../src/control-plane.ts';
import { silent } from '../src/lib/log.ts';
import { controlPlaneOf, meshConfigIn } from './support/control-plane.ts';
import { changesIn, removalsIn } from './support/objects.ts';
import { type ProxyText, proxyOf } from './support/proxy.ts';
import { configurationIn, resourcesFor } from './support/proxy-configuration.ts';

interface Mesh {
  readonly home: readonly string[];
  readonly east?: readonly string[];
  readonly meshConfig?: string;
}

const service = (name: string, spec: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ${spec} }`;
const raw = (clusterIP: string) =>
  `clusterIP: ${clusterIP}, selector: { app: a }, ports: [{ name: tcp, port: 90, targetPort: named }]`;
const slice = (service: string, ...addresses: readonly string[]) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: ${service}-1, namespace: shop, labels: { kubernetes.io/service-name: ${service} } }\naddressType: IPv4\nports: [{ name: tcp, port: 9000 }]\nendpoints: [${addresses.map((address) => `{ addresses: [${address}] }`).join(', ')}]`;
const pod = (name: string, address: string, port: number, more = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop, labels: { app: a } }\nspec: { containers: [{ ports: [{ name: named, containerPort: ${port} }] }]${more} }\nstatus: { podIP: ${address} }`;
const entry = (address: string) =>
  `apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: { name: vm, namespace: shop }\nspec: { address: ${address}, labels: { app: a } }`;

function planeOf({ home, east = [], meshConfig = '{}' }: Mesh): ControlPlane {
  const plane = controlPlaneOf(home.join('\n---\n'), { cluster: 'home' });
  plane.setMeshConfig(meshConfigIn(meshConfig));
  plane.addCluster('east');
  plane.apply(changesIn(east.join('\n---\n')), 'east');
  plane.commit();
  return plane;
}

const client = (cluster: string): ProxyText => ({
  namespace: 'bank',
  pod: 'c-1',
  ip: '10.9.9.9',
  metadata: { CLUSTER_ID: cluster },
});
const server = (cluster: string, more: ProxyText['metadata'] = {}, labels: ProxyText['labels'] = {}): ProxyText => ({
  pod: 'a-1',
  ip: '10.0.0.1',
  labels,
  metadata: { CLUSTER_ID: cluster, ...more },
});

/** The addresses of listeners, the endpoints of assignments, and the ports that the proxy serves itself. */
function seen(plane: ControlPlane, text: ProxyText): readonly string[] {
  const { listeners, assignments, clusters } = configurationIn(resourcesFor(plane, proxyOf(text)));
  return [
    ...[...listeners].map(({ name = '' }) => name).filter((name) => /^10\.\d+\.\d+\.\d+_/.test(name)),
    ...[...assignments.values()].flatMap(({ clusterName = '', endpoints = [] }) =>
      endpoints.flatMap(({ lbEndpoints = [] }) =>
        lbEndpoints.map(({ hostIdentifier }) => {
          const address = hostIdentifier?.$case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
          return `${clusterName.split('|').at(-1)?.split('.')[0]} at ${address?.$case === 'socketAddress' ? address.value.address : '?'}`;
        }),
      ),
    ),
    ...[...clusters.keys()].filter((name) => name.startsWith('inbound|')),
  ].sort();
}

function check(name: string, mesh: Mesh, by: { readonly [cluster: string]: readonly string[] }, who = client): void {
  it(name, () => {
    const plane = planeOf(mesh);
    assert.deepEqual(Object.fromEntries(Object.keys(by).map((cluster) => [cluster, seen(plane, who(cluster))])), by);
  });
}

describe('a service of two clusters', () => {
  const both = {
    home: [service('a', raw('10.1.0.1')), slice('a', '10.0.0.1')],
    east: [service('a', raw('10.2.0.2')), slice('a', '10.0.1.1')],
  };
  check('has the endpoints of both, and in each its own address', both, {
    home: ['10.1.0.1_90', 'a at 10.0.0.1', 'a at 10.0.1.1'],
    east: ['10.2.0.2_90', 'a at 10.0.0.1', 'a at 10.0.1.1'],
  });
  check(
    'is what the config cluster says',
    {
      home: [service('a', raw('10.1.0.1'))],
      east: [service('a', 'clusterIP: 10.2.0.2, ports: [{ name: http, port: 80 }]')],
    },
    {
      home: ['10.1.0.1_90'],
      east: ['10.2.0.2_90'],
    },
  );
  check(
    'is served as the own cluster says',
    {
      home: [service('a', raw('10.1.0.1'))],
      east: [
        service('a', 'clusterIP: 10.2.0.2, selector: { app: a }, ports: [{ name: tcp, port: 90, targetPort: 9999 }]'),
      ],
    },
    {
      home: ['10.1.0.1_90'],
      east: ['10.2.0.2_90', 'inbound|9999||'],
    },
    (cluster) => server(cluster, {}, { app: 'a' }),
  );
  check(
    'has in a cluster without it the address that it has elsewhere',
    { home: [], east: both.east },
    {
      home: ['10.2.0.2_90', 'a at 10.0.1.1'],
      east: ['10.2.0.2_90', 'a at 10.0.1.1'],
    },
  );
  check(
    'has a listener at an address that another service has in the other cluster',
    {
      home: [service('a', raw('10.1.0.1')), service('b', raw('10.1.0.2'))],
      east: [service('a', raw('10.1.0.2')), service('b', raw('10.1.0.1'))],
    },
    { home: ['10.1.0.1_90', '10.1.0.2_90'], east: ['10.1.0.1_90', '10.1.0.2_90'] },
  );
  check(
    'stays in each of them when it is cluster-local',
    {
      ...both,
      meshConfig: 'serviceSettings: [{ settings: { clusterLocal: true }, hosts: [a.shop.svc.cluster.local] }]',
    },
    {
      home: ['10.1.0.1_90', 'a at 10.0.0.1'],
      east: ['10.2.0.2_90', 'a at 10.0.1.1'],
    },
  );
  check(
    'selects a WorkloadEntry once',
    {
      home: [service('a', raw('10.1.0.1').replace('named', '9000')), entry('10.3.0.1')],
      east: [service('a', raw('10.2.0.2').replace('named', '9000'))],
    },
    {
      home: ['10.1.0.1_90', 'a at 10.3.0.1'],
      east: ['10.2.0.2_90', 'a at 10.3.0.1'],
    },
    client,
  );
  check('is another one to a proxy of an unknown cluster: that of the config cluster', both, {
    nowhere: ['10.1.0.1_90', 'a at 10.0.0.1', 'a at 10.0.1.1'],
  });

  it('loses what a cluster had when that goes, and has it again when that comes back', () => {
    const plane = planeOf(both);
    plane.removeCluster('east');
    plane.apply(changesIn(slice('a', '10.0.9.9')), 'east');
    plane.commit();
    const without = seen(plane, client('home'));
    plane.addCluster('east');
    plane.apply(changesIn(both.east.join('\n---\n')), 'east');
    plane.commit();
    assert.deepEqual(
      [without, seen(plane, client('home'))],
      [
        ['10.1.0.1_90', 'a at 10.0.0.1'],
        ['10.1.0.1_90', 'a at 10.0.0.1', 'a at 10.0.1.1'],
      ],
    );
  });
});

describe('a proxy', () => {
  const services = [service('a', raw('10.1.0.1'))];
  const served = (port: number) => ['10.1.0.1_90', ...(port === 0 ? [] : [`inbound|${port}||`])];
  check(
    'stands before the pod of its name in its own cluster',
    {
      home: [...services, pod('a-1', '10.0.0.1', 9001)],
      east: [...services, pod('a-1', '10.0.0.1', 9002)],
    },
    { home: served(9001), east: served(9002) },
    server,
  );
  check(
    'stands before no pod of another cluster',
    { home: [...services, pod('a-1', '10.0.0.1', 9001)], east: services },
    {
      home: served(9001),
      east: served(0),
    },
    server,
  );
  check(
    'stands before the pod at its address when none has its name',
    {
      home: [...services, pod('other', '10.0.0.1', 9001)],
      east: [...services, pod('other', '10.0.0.1', 9002)],
    },
    { home: served(9001), east: served(9002) },
    server,
  );
  check(
    'stands before no pod that merely shares the address of its node',
    {
      home: [...services, pod('other', '10.0.0.1', 9001, ', hostNetwork: true')],
    },
    { home: served(0) },
    server,
  );
  check(
    'is believed about its labels and ports while its pod is not known',
    { home: services, east: services },
    {
      home: served(9003),
      east: served(9003),
    },
    (cluster) =>
      server(cluster, { POD_PORTS: '[{"name":"named","containerPort":9003,"protocol":"TCP"}]' }, { app: 'a' }),
  );
  check(
    'is not believed once it is',
    { home: [...services, pod('a-1', '10.0.0.1', 9001)] },
    { home: served(9001) },
    (cluster) => server(cluster, { POD_PORTS: '[{"name":"named","containerPort":9003}]' }, { app: 'a' }),
  );

  it('moves when its pod becomes known, and back', () => {
    const plane = planeOf({ home: services });
    const moved: string[] = [];
    const proxy = proxyOf(server('home', {}, { app: 'a' }));
    const connection = plane.connect(proxy, ({ serving }) =>
      moved.push(serving.targets.map((one) => one.targetPort).join()),
    );
    plane.apply(changesIn(pod('a-1', '10.0.0.1', 9001)));
    plane.commit();
    plane.apply(removalsIn(pod('a-1', '10.0.0.1', 9001)));
    plane.commit();
    connection.close();
    assert.deepEqual(moved, ['9001', '']);
  });

  it('of an unknown cluster is worth one warning', () => {
    const warnings: string[] = [];
    const log = { ...silent, warn: (message: string) => warnings.push(message) };
    const plane = controlPlaneOf('', { cluster: 'home', log });
    for (const cluster of ['nowhere', 'nowhere', 'home']) plane.connect(proxyOf(client(cluster)), () => {}).close();
    assert.deepEqual(warnings, [
      'expected CLUSTER_ID to be a cluster that is known, found "nowhere": served as in home',
    ]);
  });
});
