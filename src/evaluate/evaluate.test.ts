import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configurationOfYaml } from '../../test/support/envoy-configuration.ts';
import type { Call, HttpRequest } from './call.ts';
import { evaluate } from './evaluate.ts';
import type { Outcome } from './outcome.ts';

const http: HttpRequest = {
  kind: 'http',
  version: 'http/1.1',
  method: 'GET',
  authority: 'reviews',
  path: '/',
  headers: [],
};
const outbound: Call = {
  destination: { ip: '10.0.0.1', port: 80 },
  interceptedAt: { ip: '127.0.0.1', port: 15001 },
  payload: http,
};

const sidecar = configurationOfYaml(`
kind: Listener
name: virtualOutbound
address: { socketAddress: { address: 0.0.0.0, portValue: 15001 } }
useOriginalDst: true
filterChains:
- name: rest
  filters: [{ name: tcp, typedConfig: { '@type': $tcp, statPrefix: x, cluster: PassthroughCluster } }]
---
kind: Listener
name: 0.0.0.0_80
address: { socketAddress: { address: 0.0.0.0, portValue: 80 } }
bindToPort: false
filterChains:
- filters: [{ name: http, typedConfig: { '@type': $hcm, statPrefix: x, rds: { routeConfigName: '80' } } }]
---
kind: Listener
name: 0.0.0.0_81
address: { socketAddress: { address: 0.0.0.0, portValue: 81 } }
bindToPort: false
filterChains:
- filters: [{ name: http, typedConfig: { '@type': $hcm, statPrefix: x, rds: { routeConfigName: '81' } } }]
---
kind: RouteConfiguration
name: '80'
virtualHosts:
- name: reviews:80
  domains: [reviews]
  requestHeadersToAdd: [{ header: { key: x-host, value: a } }]
  routes:
  - name: canary
    match: { prefix: /v2 }
    responseHeadersToRemove: [server]
    route:
      weightedClusters:
        clusters:
        - { name: v1, weight: 30 }
        - { name: v2, weight: 10, hostRewriteLiteral: v2.example.com, requestHeadersToAdd: [{ header: { key: x-v, value: '2' } }] }
        - { name: v3, weight: 0 }
      prefixRewrite: /
      timeout: 3s
      retryPolicy: { retryOn: '5xx,reset', numRetries: 2, perTryTimeout: 1s, retriableStatusCodes: [503] }
      requestMirrorPolicies: [{ cluster: v3, runtimeFraction: { defaultValue: { numerator: 5 } } }]
  - name: gone
    match: { path: /gone }
    directResponse: { status: 410, body: { inlineString: no more } }
  - name: header
    match: { prefix: /header }
    route: { clusterHeader: x-cluster }
  - name: default
    match: { prefix: / }
    route: { cluster: v1 }
---
{ kind: Cluster, name: v1, type: ORIGINAL_DST }
---
{ kind: Cluster, name: PassthroughCluster, type: ORIGINAL_DST }
`);

/** The steps in short: what was chosen, or why nothing was. */
function trail({ steps }: Outcome): readonly string[] {
  return steps.map(({ stage, chosen, because }) => `${stage}: ${chosen ?? because}`);
}

it('a request is followed from the listener to the endpoints', () => {
  const outcome = evaluate(sidecar, outbound);
  assert.deepEqual(trail(outcome), [
    'listener: virtualOutbound',
    'listener: 0.0.0.0_80',
    'listener filters: destination 10.0.0.1 port 80, transport raw_buffer, no server name, no protocol',
    'filter chain: ',
    'transport: plain',
    'network filters: http',
    'network filters: the request is GET reviews/',
    'route configuration: 80',
    'virtual host: reviews:80',
    'route: default',
    'cluster: v1',
  ]);
  assert.deepEqual(outcome.result, {
    kind: 'forwarded',
    shares: [
      {
        cluster: 'v1',
        percent: 100,
        upstream: { kind: 'original destination', address: { ip: '10.0.0.1', port: 80 } },
        effects: {
          authority: 'reviews',
          requestHeaders: [{ action: 'append', name: 'x-host', value: 'a' }],
          responseHeaders: [],
        },
      },
    ],
    effects: { path: '/', timeoutMs: 15_000, mirrors: [] },
  });
});

it('weighted clusters have their shares, and each its own changes', () => {
  const { result } = evaluate(sidecar, { ...outbound, payload: { ...http, path: '/v2/a?b' } });
  const responseHeaders = [{ action: 'remove', name: 'server' }];
  assert.deepEqual(result, {
    kind: 'forwarded',
    shares: [
      {
        cluster: 'v1',
        percent: 75,
        upstream: { kind: 'original destination', address: { ip: '10.0.0.1', port: 80 } },
        effects: {
          authority: 'reviews',
          requestHeaders: [{ action: 'append', name: 'x-host', value: 'a' }],
          responseHeaders,
        },
      },
      {
        cluster: 'v2',
        percent: 25,
        upstream: { kind: 'missing' },
        effects: {
          authority: 'v2.example.com',
          requestHeaders: [
            { action: 'append', name: 'x-v', value: '2' },
            { action: 'append', name: 'x-host', value: 'a' },
          ],
          responseHeaders,
        },
      },
    ],
    effects: {
      path: '//a?b',
      timeoutMs: 3000,
      retries: { on: ['5xx', 'reset'], statusCodes: [503], attempts: 2, perTryTimeoutMs: 1000 },
      mirrors: [{ cluster: 'v3', percent: 5 }],
    },
  });
});

describe('a request', () => {
  function check(name: string, request: Partial<HttpRequest>, expected: unknown, port = 80): void {
    it(name, () => {
      const call = { ...outbound, destination: { ip: '10.0.0.1', port }, payload: { ...http, ...request } };
      assert.deepEqual(evaluate(sidecar, call).result, expected);
    });
  }
  check(
    'is answered by its route',
    { path: '/gone' },
    {
      kind: 'answered',
      status: 410,
      body: 'no more',
      because: 'the route answers itself',
    },
  );
  check(
    'of gRPC is answered in its own way',
    { path: '/gone', headers: [{ name: 'content-type', value: 'application/grpc' }] },
    {
      kind: 'answered',
      status: 200,
      grpcStatus: 2,
      body: 'no more',
      because: 'the route answers itself',
    },
  );
  check(
    'goes to no cluster where the header that names it is absent',
    { path: '/header' },
    {
      kind: 'answered',
      status: 503,
      error: 'no cluster found',
      because: 'the route names no cluster',
    },
  );
  check(
    'has no virtual host',
    { authority: 'ratings' },
    {
      kind: 'answered',
      status: 404,
      error: 'no virtual host matched',
      because: 'no virtual host has the domain ratings',
    },
  );
  check(
    'has no RouteConfiguration',
    {},
    {
      kind: 'answered',
      status: 404,
      error: 'no virtual host matched',
      because: 'there is no RouteConfiguration 81',
    },
    81,
  );
});

it('a header names the cluster', () => {
  const headers = [{ name: 'X-Cluster', value: 'v1' }];
  const { result } = evaluate(sidecar, { ...outbound, payload: { ...http, path: '/header', headers } });
  assert.equal(result.kind === 'forwarded' && result.shares[0]?.cluster, 'v1');
});

it('what nobody listens for ends at once', () => {
  assert.deepEqual(evaluate(sidecar, { destination: { ip: '10.0.0.1', port: 80 }, payload: http }), {
    steps: [
      {
        stage: 'listener',
        because: 'nothing is bound to 10.0.0.1:80',
        passedOver: [{ name: '0.0.0.0_80', because: 'it is not bound to its port' }],
      },
    ],
    result: { kind: 'refused', error: 'no listener matched', because: 'nothing is bound to 10.0.0.1:80' },
  });
});
