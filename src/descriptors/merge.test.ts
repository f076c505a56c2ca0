import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toJson } from '@bufbuild/protobuf';
import { must } from '../lib/assert.ts';
import { type ListMerge, mergeInto } from './merge.ts';
import { readJson } from './read-json.ts';
import { envoyMessage, envoyRegistry } from './registry.ts';

const cluster = 'envoy.config.cluster.v3.Cluster';

function merged(typeName: string, target: object, source: object, lists: ListMerge): unknown {
  const read = (json: object) =>
    must(
      readJson(typeName, json, [], () => {}),
      'a message',
    );
  const [message, other] = [read(target), read(source)];
  const before = toJson(envoyMessage(typeName), other, { registry: envoyRegistry() });
  mergeInto(message, other, lists);
  assert.deepEqual(toJson(envoyMessage(typeName), other, { registry: envoyRegistry() }), before);
  return toJson(envoyMessage(typeName), message, { registry: envoyRegistry() });
}

describe('messages merge', () => {
  function check(name: string, target: object, source: object, expected: object, lists: ListMerge = 'append'): void {
    it(name, () => assert.deepEqual(merged(cluster, target, source, lists), expected));
  }
  check(
    'with the values of the later one where both have some',
    { name: 'a', lbPolicy: 'RANDOM', perConnectionBufferLimitBytes: 1 },
    { lbPolicy: 'MAGLEV', perConnectionBufferLimitBytes: 2 },
    { name: 'a', lbPolicy: 'MAGLEV', perConnectionBufferLimitBytes: 2 },
  );
  check(
    'inside of messages that both have',
    { commonLbConfig: { healthyPanicThreshold: { value: 10 } } },
    { commonLbConfig: { ignoreNewHostsUntilFirstHc: true } },
    { commonLbConfig: { healthyPanicThreshold: { value: 10 }, ignoreNewHostsUntilFirstHc: true } },
  );
  check(
    'with durations as one value',
    { connectTimeout: '10.500s', cleanupInterval: '7s' },
    { connectTimeout: '0.123s', cleanupInterval: '0s' },
    { connectTimeout: '0.123s', cleanupInterval: '0s' },
  );
  check(
    'with lists one after the other',
    { clusterType: { name: 'x' }, healthChecks: [{ timeout: '1s' }] },
    { healthChecks: [{ timeout: '2s' }] },
    { clusterType: { name: 'x' }, healthChecks: [{ timeout: '1s' }, { timeout: '2s' }] },
  );
  check(
    'with the list of the later one alone, when asked to',
    { healthChecks: [{ timeout: '1s' }], upstreamBindConfig: { socketOptions: [{ name: '1' }] } },
    { healthChecks: [{ timeout: '2s' }], upstreamBindConfig: { socketOptions: [{ name: '2' }] } },
    { healthChecks: [{ timeout: '2s' }], upstreamBindConfig: { socketOptions: [{ name: '2' }] } },
    'replace',
  );
  check(
    'with entries of maps replaced whole',
    { metadata: { filterMetadata: { istio: { a: 1, b: 2 }, other: { c: 3 } } } },
    { metadata: { filterMetadata: { istio: { b: 4 } } } },
    { metadata: { filterMetadata: { istio: { b: 4 }, other: { c: 3 } } } },
  );
  check(
    'with the choice of the later one',
    { type: 'EDS' },
    { clusterType: { name: 'own' } },
    { clusterType: { name: 'own' } },
  );
  check(
    'and a value that is its default changes nothing',
    { name: 'a', respectDnsTtl: true, perConnectionBufferLimitBytes: 4 },
    { name: '', respectDnsTtl: false, perConnectionBufferLimitBytes: 0 },
    { name: 'a', respectDnsTtl: true, perConnectionBufferLimitBytes: 4 },
  );
  check(
    'and a default where nothing was is one',
    { name: 'a' },
    { perConnectionBufferLimitBytes: 0 },
    { name: 'a', perConnectionBufferLimitBytes: 0 },
  );

  it('with envelopes replaced whole', () => {
    const socket = 'envoy.config.core.v3.TransportSocket';
    const tls = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
    assert.deepEqual(
      merged(
        socket,
        { name: 'tls', typedConfig: { '@type': tls, sni: 'a', allowRenegotiation: true } },
        { typedConfig: { '@type': tls, sni: 'b' } },
        'append',
      ),
      { name: 'tls', typedConfig: { '@type': tls, sni: 'b' } },
    );
  });
});
