import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOf, effectLines, jsonOf, normal, patchesIn } from '../../../test/support/patches.ts';
import { patchCluster } from './cluster.ts';

const cluster = 'envoy.config.cluster.v3.Cluster';
const reviews = 'outbound|80|v1|reviews.shop.svc.cluster.local';
const tls = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
const raw = 'type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer';

interface Case {
  readonly name?: string;
  /** Without its name. */
  readonly before?: string;
  readonly patches: string;
  /** Undefined when the cluster is removed. */
  readonly after: string | undefined;
  readonly effects: readonly string[];
}

function check(title: string, { name = reviews, before = '', patches, after, effects }: Case): void {
  it(title, () => {
    const bytes = bytesOf(cluster, `name: ${name}\n${before}`);
    const patched = patchCluster(name, bytes, patchesIn(patches));
    assert.deepEqual(
      patched.bytes === undefined ? undefined : jsonOf(cluster, patched.bytes),
      after === undefined ? undefined : normal(cluster, `name: ${name}\n${after}`),
    );
    assert.deepEqual(effectLines(patched.effects), effects);
    assert.equal(
      patched.bytes === bytes,
      effects.every((line) => line.includes(':')),
    );
  });
}

/** A patch that sets the timeout of the clusters that it means. */
const timeout = (match: string) => `
- applyTo: CLUSTER
  match: {cluster: {${match}}}
  patch: {operation: MERGE, value: {connect_timeout: 1s}}`;

function checkMatch(title: string, match: string, isMeant: boolean, name?: string, before = ''): void {
  const outcome = isMeant
    ? { after: `${before}\nconnect_timeout: 1s`, effects: ['0'] }
    : { after: before, effects: [] };
  check(title, { ...(name === undefined ? {} : { name }), before, patches: timeout(match), ...outcome });
}

describe('a patch means a cluster', () => {
  checkMatch('when it says nothing of clusters', '', true);
  checkMatch('by its name', `name: ${reviews}`, true);
  checkMatch('by its name alone, whatever else is said', `name: ${reviews}, portNumber: 81`, true);
  checkMatch('but not by the name of another', 'name: other, portNumber: 80', false);
  checkMatch('by its port', 'portNumber: 80', true);
  checkMatch('but not by another port', 'portNumber: 81', false);
  checkMatch('by its subset', 'subset: v1', true);
  checkMatch('but not by another subset', 'subset: v2', false);
  checkMatch('by its service', 'service: reviews.shop.svc.cluster.local', true);
  checkMatch('but not by another service', 'service: ratings.shop.svc.cluster.local', false);
  checkMatch('by all of these', 'portNumber: 80, subset: v1, service: reviews.shop.svc.cluster.local', true);
  checkMatch(
    'that is for gateways which pass TLS on',
    'portNumber: 80, subset: v1, service: a.shop',
    true,
    'outbound_.80_.v1_.a.shop',
  );
  const metadata = 'metadata: {filter_metadata: {istio: {services: [{host: a.shop}, {host: b.shop}]}}}';
  checkMatch('of inbound traffic by the port of the workload', 'portNumber: 8080', true, 'inbound|8080||', metadata);
  checkMatch('of inbound traffic by any of its services', 'service: b.shop', true, 'inbound|8080||', metadata);
  checkMatch('of inbound traffic but not by other services', 'service: c.shop', false, 'inbound|8080||', metadata);
});

describe('a cluster is patched', () => {
  check('by all that mean it, in order, up to its removal', {
    patches: `
- {applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 1s, alt_stat_name: a}}}
- {applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 2s}}}
- {applyTo: CLUSTER, patch: {operation: ADD, value: {name: b}}}
- {applyTo: LISTENER, patch: {operation: REMOVE}}`,
    after: 'connect_timeout: 2s\nalt_stat_name: a',
    effects: ['0', '1'],
  });
  check('away', {
    patches: `
- {applyTo: CLUSTER, patch: {operation: REMOVE}}
- {applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 2s}}}`,
    after: undefined,
    effects: ['0'],
  });
  check('with lists that take the place of its own', {
    before: 'health_checks: [{timeout: 1s}]',
    patches:
      '[{applyTo: CLUSTER, patch: {operation: MERGE_AND_REPLACE_LIST, value: {health_checks: [{timeout: 2s}]}}}]',
    after: 'health_checks: [{timeout: 2s}]',
    effects: ['0'],
  });
  check('within its transport socket, and beside it', {
    before: `transport_socket: {name: tls, typed_config: {"@type": ${tls}, sni: a, allow_renegotiation: true}}`,
    patches: `
- applyTo: CLUSTER
  patch:
    operation: MERGE
    value:
      connect_timeout: 1s
      transport_socket: {name: tls, typed_config: {"@type": ${tls}, sni: b}}`,
    after: `
connect_timeout: 1s
transport_socket: {name: tls, typed_config: {"@type": ${tls}, sni: b, allow_renegotiation: true}}`,
    effects: ['0'],
  });
  check('by a transport socket where there is none, or one of another name', {
    before: `transport_socket: {name: raw, typed_config: {"@type": ${raw}}}`,
    patches: `
- applyTo: CLUSTER
  patch: {operation: MERGE, value: {transport_socket: {name: tls, typed_config: {"@type": ${tls}, sni: b}}}}`,
    after: `transport_socket: {name: tls, typed_config: {"@type": ${tls}, sni: b}}`,
    effects: ['0'],
  });
  const choice = (sni: string) => `
transport_socket_matches:
- {name: a, match: {tlsMode: istio}, transport_socket: {name: tls, typed_config: {"@type": ${tls}, sni: ${sni}}}}
- {name: b, match: {}, transport_socket: {name: raw, typed_config: {"@type": ${raw}}}}`;
  check('within the transport socket of that name where it has several', {
    before: choice('a'),
    patches: `
- applyTo: CLUSTER
  patch: {operation: MERGE, value: {transport_socket: {name: tls, typed_config: {"@type": ${tls}, sni: b}}}}`,
    after: choice('b'),
    effects: ['0'],
  });
});

describe('a cluster stays as it is when a patch does not fit', () => {
  check('because the transport socket is of another type', {
    before: `transport_socket: {name: tls, typed_config: {"@type": ${raw}}}`,
    patches: `
- applyTo: CLUSTER
  patch:
    operation: MERGE
    value: {connect_timeout: 1s, transport_socket: {name: tls, typed_config: {"@type": ${tls}}}}`,
    after: `transport_socket: {name: tls, typed_config: {"@type": ${raw}}}`,
    effects: [
      '0: expected a typed_config of type envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer as tls has, found envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    ],
  });
  check('because it chooses among sockets and has none of that name', {
    before: `transport_socket_matches: [{name: b, transport_socket: {name: raw, typed_config: {"@type": ${raw}}}}]`,
    patches: '[{applyTo: CLUSTER, patch: {operation: MERGE, value: {transport_socket: {name: tls}}}}]',
    after: `transport_socket_matches: [{name: b, transport_socket: {name: raw, typed_config: {"@type": ${raw}}}}]`,
    effects: ["0: expected one of the cluster's transport sockets raw, found tls"],
  });
});
