import assert from 'node:assert/strict';
import { it } from 'node:test';
import { any, type MessageType } from '../envoy/values.ts';
import { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import { Router } from '../proto/envoy/extensions/filters/http/router/v3/router.ts';
import { HttpProtocolOptions } from '../proto/envoy/extensions/upstreams/http/v3/http_protocol_options.ts';
import { decodeAny, decodeMessage } from './decode.ts';

function check<T>(name: string, type: MessageType<T>, message: T, expected: T = message): void {
  it(name, () => assert.deepEqual(decodeMessage(type, type.encode(message).finish()), expected));
}

check('scalars, lists, enums, wrapped scalars and durations are read back', Cluster, {
  name: 'outbound|80||reviews',
  lbPolicy: 1,
  connectTimeout: { seconds: 10, nanos: 5 },
  perConnectionBufferLimitBytes: 32768,
  transportSocketMatches: [{ name: 'a', match: { tlsMode: 'istio', nested: { list: [1, 'x', null] } } }],
});

check('oneofs bear the case that is set', RouteConfiguration, {
  name: '80',
  ignorePortInHostMatching: true,
  virtualHosts: [
    {
      name: 'reviews:80',
      domains: ['reviews', '*.reviews'],
      routes: [
        {
          match: { pathSpecifier: { $case: 'safeRegex', value: { regex: '/a+' } }, caseSensitive: false },
          action: { $case: 'route', value: { clusterSpecifier: { $case: 'cluster', value: '' } } },
        },
      ],
    },
  ],
});

check('bytes and messages in envelopes stay as they are', Listener, {
  name: '0.0.0.0_80',
  filterChains: [
    {
      filters: [{ name: 'router', configType: { $case: 'typedConfig', value: any(Router, { startChildSpan: true }) } }],
    },
  ],
});

check('maps of messages are read back', Cluster, {
  typedExtensionProtocolOptions: {
    http: any(HttpProtocolOptions, { commonHttpProtocolOptions: { maxRequestsPerConnection: 1 } }),
  },
});

check('defaults that need no bytes are left out', Cluster, { name: '', lbPolicy: 0 }, {});

it('an envelope is opened by its type', () => {
  assert.deepEqual(decodeAny(any(Router, { dynamicStats: false })), { dynamicStats: false });
  assert.equal(decodeAny({ typeUrl: 'type.googleapis.com/istio.Unheard', value: new Uint8Array() }), undefined);
  assert.equal(decodeAny({ ...any(Router, {}), value: new Uint8Array([255]) }), undefined);
  assert.equal(decodeAny({}), undefined);
});
