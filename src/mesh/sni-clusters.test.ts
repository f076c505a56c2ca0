import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateway, gatewayProxy, object, service } from '../../test/support/gateway-proxy.ts';
import { changesIn } from '../../test/support/objects.ts';
import type { ClusterIr } from '../ir/cluster.ts';
import type { LoadAssignmentIr } from '../ir/endpoint.ts';
import { clusterType, endpointType } from '../resource/types.ts';

const sni = (tls: string) => `- { port: { number: 15443, name: tls, protocol: TLS }, hosts: ['*.local'], tls: ${tls} }`;

const objects = [
  service('shop/db', '- { name: http2-db, port: 5432 }', { clusterIP: '10.1.0.1', selector: { app: 'db' } }),
  object(
    'DestinationRule',
    'shop/db',
    `
host: db
trafficPolicy: { tls: { mode: SIMPLE } }
subsets: [{ name: new, labels: { version: v2 } }]`,
    {},
  ),
  ...['v1', 'v2', 'plain'].map(
    (version, i) => `apiVersion: v1
kind: Pod
metadata:
  name: db-${version}
  namespace: shop
  labels: { app: db, version: ${version}${version === 'plain' ? '' : ', security.istio.io/tlsMode: istio'} }
spec: { containers: [] }
status: { phase: Running, podIP: 10.0.1.${i}, conditions: [{ type: Ready, status: 'True' }] }`,
  ),
  `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-1, namespace: shop, labels: { kubernetes.io/service-name: db } }
addressType: IPv4
ports: [{ name: http2-db, port: 5432 }]
endpoints:
${['v1', 'v2', 'plain'].map((version, i) => `- { addresses: [10.0.1.${i}], targetRef: { kind: Pod, namespace: shop, name: db-${version} } }`).join('\n')}`,
  object(
    'ServiceEntry',
    'shop/outside',
    `
hosts: [api.local]
location: MESH_EXTERNAL
resolution: STATIC
ports: [{ number: 443, name: tls, protocol: TLS }]
endpoints: [{ address: 192.0.2.1 }]`,
    {},
  ),
];

/** What is in force for a gateway, for a host. */
function ofHost(host: string): {
  readonly clusters: readonly ClusterIr[];
  readonly assignments: readonly LoadAssignmentIr[];
} {
  const { plane, scope } = gatewayProxy([gateway('edge/a', sni('{ mode: AUTO_PASSTHROUGH }')), ...objects]);
  const key = { client: scope.client, host };
  return {
    clusters: plane.graph.watch(plane.mesh.sniClusters, key, () => {}).value ?? [],
    assignments: plane.graph.watch(plane.mesh.sniAssignments, key, () => {}).value ?? [],
  };
}

describe('a cluster that clients choose by server name', () => {
  it('speaks neither HTTP nor TLS to its endpoints, since it cannot look inside', () => {
    const { clusters } = ofHost('db.shop.svc.cluster.local');
    assert.deepEqual(
      clusters.map(({ name, statName, discovery, http, transport }) => ({
        name,
        statName,
        discovery,
        http,
        transport,
      })),
      ['outbound_.5432_._.db.shop.svc.cluster.local', 'outbound_.5432_.new_.db.shop.svc.cluster.local'].map((name) => ({
        name,
        statName: `${name};`,
        discovery: { kind: 'eds' },
        http: undefined,
        transport: undefined,
      })),
    );
  });

  it('has only endpoints that take the TLS of the mesh', () => {
    const { assignments } = ofHost('db.shop.svc.cluster.local');
    assert.deepEqual(
      assignments.map(({ cluster, localities }) => [
        cluster,
        localities.map(({ weight, endpoints }) => [weight, endpoints.map(({ address }) => address)]),
      ]),
      [
        ['outbound_.5432_._.db.shop.svc.cluster.local', [[2, ['10.0.1.0', '10.0.1.1']]]],
        ['outbound_.5432_.new_.db.shop.svc.cluster.local', [[1, ['10.0.1.1']]]],
      ],
    );
  });

  it('is there for no host outside the mesh', () => {
    assert.deepEqual(ofHost('api.local'), { clusters: [], assignments: [] });
  });
});

describe('a gateway has such clusters', () => {
  function check(name: string, tls: string, expected: boolean): void {
    it(name, () => {
      const { plane, scope } = gatewayProxy([gateway('edge/a', sni(tls)), ...objects]);
      const { value } = plane.graph.watch(plane.mesh.passesBySni, scope.serving, () => {});
      assert.equal(value, expected);
    });
  }
  check('when one of its servers passes TLS by itself', '{ mode: AUTO_PASSTHROUGH }', true);
  check('and not when rules say what is passed where', '{ mode: PASSTHROUGH }', false);
});

it('a proxy gets such clusters and their endpoints as soon as its Gateway asks for them', () => {
  const { plane, scope } = gatewayProxy([gateway('edge/a', sni('{ mode: PASSTHROUGH }')), ...objects]);
  const names = (type: string) =>
    [...(plane.view(type, scope)?.contents.resources() ?? [])]
      .map(({ name }) => name)
      .filter((name) => /_\./.test(name));
  const before = [names(clusterType), names(endpointType)];
  plane.apply(changesIn(gateway('edge/a', sni('{ mode: AUTO_PASSTHROUGH }'))));
  plane.commit();
  const all = ['outbound_.5432_._.db.shop.svc.cluster.local', 'outbound_.5432_.new_.db.shop.svc.cluster.local'];
  assert.deepEqual(
    [before, [names(clusterType), names(endpointType)]],
    [
      [[], []],
      [all, all],
    ],
  );
});
