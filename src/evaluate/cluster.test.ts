import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { decodeAny } from '../descriptors/decode.ts';
import { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import { ClusterLoadAssignment } from '../proto/envoy/config/endpoint/v3/endpoint.ts';
import { type Destination, resolveCluster } from './cluster.ts';
import { configurationOf } from './configuration.ts';

const destination: Destination = {
  original: { ip: '10.0.0.1', port: 80 },
  host: 'a.com:81',
  header: (name) => (name === 'x-envoy-original-dst-host' ? '10.9.9.9:90' : undefined),
};

/** Where the cluster `c` sends a call, and its steps in short. */
function resolve(cluster: string | undefined, assignment?: string) {
  const configuration = configurationOf(
    {
      clusters: cluster === undefined ? [] : [messageOf(Cluster, { name: 'c', ...parse(cluster) })],
      assignments: assignment === undefined ? [] : [messageOf(ClusterLoadAssignment, parse(assignment))],
    },
    decodeAny,
  );
  const { upstream, steps } = resolveCluster(configuration, 'c', destination);
  return { upstream, steps: steps.map(({ stage, because, passedOver }) => [stage, because, passedOver]) };
}

function check(name: string, cluster: string | undefined, upstream: unknown, because: string): void {
  it(name, () => assert.deepEqual(resolve(cluster), { upstream, steps: [['cluster', because, []]] }));
}

describe('a cluster', () => {
  check('need not exist', undefined, { kind: 'missing' }, 'there is no cluster c');
  check(
    'sends calls to where they were meant to go',
    'type: ORIGINAL_DST',
    { kind: 'original destination', address: { ip: '10.0.0.1', port: 80 } },
    'it goes to where the client wanted to go: 10.0.0.1 port 80',
  );
  check(
    'sends them to another port there',
    '{ type: ORIGINAL_DST, originalDstLbConfig: { upstreamPortOverride: 8080 } }',
    { kind: 'original destination', address: { ip: '10.0.0.1', port: 8080 } },
    'it goes to where the client wanted to go: 10.0.0.1 port 8080',
  );
  check(
    'sends them to where a header says',
    '{ type: ORIGINAL_DST, originalDstLbConfig: { useHttpHeader: true } }',
    { kind: 'original destination', address: { ip: '10.9.9.9', port: 90 } },
    'it goes to where the client wanted to go: 10.9.9.9 port 90',
  );
  check(
    'sends them where they were meant to go if that header is absent',
    '{ type: ORIGINAL_DST, originalDstLbConfig: { useHttpHeader: true, httpHeaderName: x-other } }',
    { kind: 'original destination', address: { ip: '10.0.0.1', port: 80 } },
    'it goes to where the client wanted to go: 10.0.0.1 port 80',
  );
  check(
    'sends them to the host that they name',
    `clusterType:
  name: envoy.clusters.dynamic_forward_proxy
  typedConfig:
    '@type': type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig
    dnsCacheConfig: { name: dns, dnsLookupFamily: V4_ONLY }`,
    { kind: 'named host', host: 'a.com:81' },
    'it goes to the host that the call names: a.com:81',
  );
  const because = 'clusters of the type envoy.extensions.clusters.aggregate.v3.ClusterConfig are not evaluated';
  check(
    'of another type is not evaluated',
    `clusterType:
  name: envoy.clusters.aggregate
  typedConfig: { '@type': type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig }`,
    { kind: 'undecided', because },
    because,
  );

  const endpoints =
    'endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress: { address: 10.0.0.5, portValue: 8080 } } } }] }]';
  const found = {
    address: { ip: '10.0.0.5', port: 8080 },
    priority: 0,
    locality: '',
    weight: 1,
    health: 'healthy',
    percent: 100,
  };
  for (const [discovery, cluster, assignment] of [
    ['EDS', 'type: EDS', `{ clusterName: c, ${endpoints} }`],
    ['EDS', '{ type: EDS, edsClusterConfig: { serviceName: other } }', `{ clusterName: other, ${endpoints} }`],
    ['STATIC', `loadAssignment: { ${endpoints} }`, undefined],
    ['STRICT_DNS', `{ type: STRICT_DNS, loadAssignment: { ${endpoints} } }`, undefined],
    ['LOGICAL_DNS', `{ type: LOGICAL_DNS, loadAssignment: { ${endpoints} } }`, undefined],
  ] as const)
    it(`has endpoints of ${discovery}, by ${cluster.slice(0, 40)}`, () => {
      assert.deepEqual(resolve(cluster, assignment), {
        upstream: { kind: 'endpoints', discovery, endpoints: [found], isHashed: false },
        steps: [
          ['cluster', `${discovery} with 1 endpoints`, []],
          ['endpoints', '1 endpoints take calls', []],
        ],
      });
    });

  it('may have no endpoints', () => {
    assert.deepEqual(resolve('{ type: EDS, lbPolicy: RING_HASH }'), {
      upstream: { kind: 'endpoints', discovery: 'EDS', endpoints: [], isHashed: true },
      steps: [
        ['cluster', 'EDS with 0 endpoints', []],
        ['endpoints', 'no endpoint takes calls', []],
      ],
    });
  });

  it('says which endpoints take no calls, and why', () => {
    const endpoint = (port: number) =>
      `endpoint: { address: { socketAddress: { address: 10.0.0.5, portValue: ${port} } } }`;
    const { steps } = resolve(
      'type: EDS',
      `{ clusterName: c, endpoints: [{ lbEndpoints: [{ ${endpoint(1)} }, { ${endpoint(2)} }, { ${endpoint(3)}, healthStatus: UNHEALTHY }] },
         { priority: 1, lbEndpoints: [{ ${endpoint(4)} }] }] }`,
    );
    assert.deepEqual(steps[1], [
      'endpoints',
      '3 endpoints take calls',
      [{ name: '10.0.0.5:3', because: 'it is not healthy' }],
    ]);
  });
});
