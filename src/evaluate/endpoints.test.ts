import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import { ClusterLoadAssignment } from '../proto/envoy/config/endpoint/v3/endpoint.ts';
import { endpointShares } from './endpoints.ts';

/** A group of endpoints `10.0.0.1`, `10.0.0.2 UNHEALTHY` or `10.0.0.3 weight 3`, with what is said of their locality. */
function group(options: object, ...endpoints: readonly string[]): object {
  const lbEndpoints = endpoints.map((text) => {
    const [address, ...words] = text.split(' ');
    const weight = words[0] === 'weight' ? Number(words[1]) : undefined;
    return {
      endpoint: { address: { socketAddress: { address, portValue: 80 } } },
      ...(weight === undefined ? {} : { loadBalancingWeight: weight }),
      ...(words.length === 1 ? { healthStatus: words[0] } : {}),
    };
  });
  return { ...options, lbEndpoints };
}

/** The percent of calls for each endpoint. */
function check(
  name: string,
  {
    cluster = '{}',
    policy,
    groups,
  }: { readonly cluster?: string; readonly policy?: object; readonly groups: readonly object[] },
  expected: { readonly [address: string]: number },
): void {
  it(name, () => {
    const assignment = messageOf(ClusterLoadAssignment, {
      endpoints: groups,
      ...(policy === undefined ? {} : { policy }),
    });
    const shares = endpointShares(messageOf(Cluster, parse(cluster)), assignment);
    const found = shares.map(({ address, percent }) => [address.ip, Math.round(percent * 100) / 100]);
    assert.deepEqual(Object.fromEntries(found), expected);
  });
}

describe('calls are shared by endpoints', () => {
  check('equally', { groups: [group({}, '10.0.0.1', '10.0.0.2')] }, { '10.0.0.1': 50, '10.0.0.2': 50 });
  check(
    'by their weights',
    { groups: [group({}, '10.0.0.1 weight 3', '10.0.0.2')] },
    {
      '10.0.0.1': 75,
      '10.0.0.2': 25,
    },
  );
  check(
    'of all localities alike, whatever their weight',
    {
      groups: [
        group({ locality: { region: 'a' }, loadBalancingWeight: 9 }, '10.0.0.1'),
        group({ locality: { region: 'b' }, loadBalancingWeight: 1 }, '10.0.0.2'),
      ],
    },
    { '10.0.0.1': 50, '10.0.0.2': 50 },
  );
  check(
    'of the first priority, as far as they are healthy',
    {
      groups: [
        group({}, '10.0.0.1', '10.0.0.2 UNHEALTHY'),
        group({ priority: 1 }, '10.0.0.3', '10.0.0.4 DRAINING', '10.0.0.5'),
      ],
    },
    { '10.0.0.1': 70, '10.0.0.2': 0, '10.0.0.3': 15, '10.0.0.4': 0, '10.0.0.5': 15 },
  );
  check(
    'unless nobody is healthy, and all are tried',
    {
      groups: [group({}, '10.0.0.1 UNHEALTHY', '10.0.0.2 TIMEOUT')],
    },
    { '10.0.0.1': 50, '10.0.0.2': 50 },
  );
  check(
    'or nobody is, where panic is switched off',
    {
      cluster: '{ commonLbConfig: { healthyPanicThreshold: {} } }',
      groups: [group({}, '10.0.0.1 UNHEALTHY')],
    },
    { '10.0.0.1': 0 },
  );
  check(
    'of which degraded ones come after healthy ones',
    {
      groups: [group({}, '10.0.0.1', '10.0.0.2 DEGRADED')],
    },
    { '10.0.0.1': 70, '10.0.0.2': 30 },
  );
  check(
    'with another allowance for those that are missing',
    {
      policy: { overprovisioningFactor: 100 },
      groups: [group({}, '10.0.0.1', '10.0.0.2 UNHEALTHY'), group({ priority: 1 }, '10.0.0.3')],
    },
    { '10.0.0.1': 50, '10.0.0.2': 0, '10.0.0.3': 50 },
  );
});

describe('where localities have weights', () => {
  const cluster = '{ commonLbConfig: { localityWeightedLbConfig: {} } }';
  const at = (region: string, loadBalancingWeight: number) => ({ locality: { region }, loadBalancingWeight });
  check(
    'they are shared by these first',
    {
      cluster,
      groups: [group(at('a', 3), '10.0.0.1', '10.0.0.2'), group(at('b', 1), '10.0.0.3')],
    },
    { '10.0.0.1': 37.5, '10.0.0.2': 37.5, '10.0.0.3': 25 },
  );
  check(
    'a locality with few healthy endpoints counts less',
    {
      cluster,
      groups: [
        group(at('a', 1), '10.0.0.1', '10.0.0.2 UNHEALTHY', '10.0.0.4 UNHEALTHY', '10.0.0.5 UNHEALTHY'),
        group(at('b', 1), '10.0.0.3', '10.0.0.6', '10.0.0.7', '10.0.0.8'),
      ],
    },
    {
      '10.0.0.1': 25.93,
      '10.0.0.2': 0,
      '10.0.0.4': 0,
      '10.0.0.5': 0,
      '10.0.0.3': 18.52,
      '10.0.0.6': 18.52,
      '10.0.0.7': 18.52,
      '10.0.0.8': 18.52,
    },
  );
  check(
    'one without weight takes nothing',
    {
      cluster,
      groups: [group(at('a', 1), '10.0.0.1'), group({ locality: { region: 'b' } }, '10.0.0.2')],
    },
    { '10.0.0.1': 100, '10.0.0.2': 0 },
  );
});

it('endpoints are told with all that is known of them', () => {
  const assignment = messageOf(ClusterLoadAssignment, {
    endpoints: [
      {
        locality: { region: 'eu', zone: 'eu-1' },
        priority: 0,
        lbEndpoints: [
          {
            endpoint: { address: { pipe: { path: '/run/a.sock' } } },
            loadBalancingWeight: 2,
            healthStatus: 'DEGRADED',
          },
        ],
      },
    ],
  });
  assert.deepEqual(endpointShares({}, assignment), [
    {
      address: { ip: '/run/a.sock', port: 0 },
      priority: 0,
      locality: 'eu/eu-1',
      weight: 2,
      health: 'degraded',
      percent: 100,
    },
  ]);
});
