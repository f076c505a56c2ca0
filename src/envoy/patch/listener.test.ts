import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOf, effectLines, jsonOf, normal, patchesIn } from '../../../test/support/patches.ts';
import { patchListener } from './listener.ts';

const listener = 'envoy.config.listener.v3.Listener';

interface Case {
  readonly name?: string;
  /** Without its name. */
  readonly before: string;
  readonly patches: string;
  /** Undefined when the listener is removed. */
  readonly after: string | undefined;
  readonly effects: readonly string[];
}

function check(title: string, { name = '0.0.0.0_80', before, patches, after, effects }: Case): void {
  it(title, () => {
    const bytes = bytesOf(listener, `name: ${name}\n${before}`);
    const patched = patchListener(name, bytes, patchesIn(patches));
    assert.deepEqual(
      patched.bytes === undefined ? undefined : jsonOf(listener, patched.bytes),
      after === undefined ? undefined : normal(listener, `name: ${name}\n${after}`),
    );
    assert.deepEqual(effectLines(patched.effects), effects);
    assert.equal(
      patched.bytes === bytes,
      effects.every((line) => line.includes(':')),
    );
  });
}

const address = (port: number) => `address: {socket_address: {address: 0.0.0.0, port_value: ${port}}}`;
/** A listener with one chain, whose fields may take several lines. */
const chain = (fields: string) => `${address(80)}\nfilter_chains: [{${fields.replace(/\s*\n\s*/g, ' ')}}]`;

describe('a patch means a listener', () => {
  function checkMatch(title: string, match: string, isMeant: boolean, name = '0.0.0.0_80', before = address(80)): void {
    check(title, {
      name,
      before,
      patches: `[{applyTo: LISTENER, match: {listener: {${match}}}, patch: {operation: MERGE, value: {stat_prefix: x}}}]`,
      ...(isMeant ? { after: `${before}\nstat_prefix: x`, effects: ['0'] } : { after: before, effects: [] }),
    });
  }
  checkMatch('when it says nothing of listeners', '', true);
  checkMatch('by its name', 'name: 0.0.0.0_80', true);
  checkMatch('but not by another name', 'name: 0.0.0.0_81', false);
  checkMatch('by its port', 'portNumber: 80', true);
  checkMatch('but not by another port', 'portNumber: 81', false);
  checkMatch(
    'but not by a port when it listens on a socket',
    'portNumber: 80',
    false,
    'a',
    'address: {pipe: {path: /a}}',
  );
  checkMatch('for all ports by the port where it listens', 'portNumber: 15006', true, 'virtualInbound', address(15006));
  checkMatch('for all ports but not by one of them', 'portNumber: 80', false, 'virtualInbound', address(15006));
});

describe('a patch means a filter chain', () => {
  function checkMatch(title: string, match: string, isMeant: boolean, name = '0.0.0.0_80'): void {
    const before = (more: string) =>
      chain(`
name: a, filter_chain_match: {
  destination_port: 90, server_names: [a.test, b.test], transport_protocol: tls, application_protocols: [h2, http/1.1]
}${more}`);
    check(title, {
      name,
      before: before(''),
      patches: `
- applyTo: FILTER_CHAIN
  match: {listener: {${match}}}
  patch: {operation: MERGE, value: {transport_socket_connect_timeout: 3s}}`,
      ...(isMeant
        ? { after: before(', transport_socket_connect_timeout: 3s'), effects: ['0'] }
        : { after: before(''), effects: [] }),
    });
  }
  checkMatch('when it says nothing of chains', 'portNumber: 80', true);
  checkMatch('by its name', 'filterChain: {name: a}', true);
  checkMatch('but not by another name', 'filterChain: {name: b}', false);
  checkMatch('by one of its server names', 'filterChain: {sni: b.test}', true);
  checkMatch('but not by a name that it does not have', 'filterChain: {sni: c.test}', false);
  checkMatch('by its transport protocol', 'filterChain: {transportProtocol: tls}', true);
  checkMatch('but not by another transport protocol', 'filterChain: {transportProtocol: raw_buffer}', false);
  checkMatch('by some of its application protocols', "filterChain: {applicationProtocols: 'h2,http/1.1'}", true);
  checkMatch('but not by one too many', "filterChain: {applicationProtocols: 'h2,h3'}", false);
  checkMatch('by its destination port', 'filterChain: {destinationPort: 90}', true);
  checkMatch('but not by another destination port', 'filterChain: {destinationPort: 91}', false);
  checkMatch('of the listener for all ports by the port', 'portNumber: 90', true, 'virtualInbound');
  checkMatch('of the listener for all ports but not by another', 'portNumber: 80', false, 'virtualInbound');
});

describe('a listener is patched', () => {
  check('away, and nothing else is done to it', {
    before: address(80),
    patches: `
- {applyTo: LISTENER, patch: {operation: REMOVE}}
- {applyTo: LISTENER, patch: {operation: MERGE, value: {stat_prefix: x}}}`,
    after: undefined,
    effects: ['0'],
  });
  check('with options for its socket', {
    before: address(80),
    patches: `
- applyTo: LISTENER
  patch:
    operation: MERGE
    value:
      socket_options: [{level: 1, name: 9, int_value: 1, state: STATE_PREBIND}]`,
    after: `${address(80)}\nsocket_options: [{level: 1, name: 9, int_value: 1, state: STATE_PREBIND}]`,
    effects: ['0'],
  });
  check('in its listener filters', {
    before: `${address(80)}\nlistener_filters: [{name: a}, {name: b}]`,
    patches: `
- applyTo: LISTENER_FILTER
  match: {listener: {listenerFilter: b}}
  patch: {operation: INSERT_BEFORE, value: {name: c}}
- {applyTo: LISTENER_FILTER, match: {listener: {listenerFilter: a}}, patch: {operation: REMOVE}}
- {applyTo: LISTENER_FILTER, match: {listener: {listenerFilter: x}}, patch: {operation: REPLACE, value: {name: d}}}
- {applyTo: LISTENER_FILTER, patch: {operation: ADD, value: {name: e}}}
- {applyTo: LISTENER_FILTER, match: {listener: {portNumber: 81}}, patch: {operation: ADD, value: {name: f}}}`,
    after: `${address(80)}\nlistener_filters: [{name: c}, {name: b}, {name: e}]`,
    effects: ['0', '1', '3'],
  });
});

describe('the filter chains of a listener are patched', () => {
  check('with one more', {
    before: chain('name: a'),
    patches: `
- applyTo: FILTER_CHAIN
  patch: {operation: ADD, value: {name: b, filter_chain_match: {server_names: [b.test]}}}`,
    after: `${address(80)}\nfilter_chains: [{name: a}, {name: b, filter_chain_match: {server_names: [b.test]}}]`,
    effects: ['0'],
  });
  check('but not with one that takes the same connections, which Envoy refuses', {
    before: chain('name: a, filter_chain_match: {destination_port: 90}'),
    patches: `
- applyTo: FILTER_CHAIN
  patch: {operation: ADD, value: {name: b, filter_chain_match: {destination_port: 90}}}`,
    after: chain('name: a, filter_chain_match: {destination_port: 90}'),
    effects: ['0: expected a filterChainMatch that differs from that of the chain a, found the same'],
  });
  check('away where they are meant, the one for all other connections too', {
    before: `
${address(80)}
filter_chains: [{name: a}, {name: b}]
default_filter_chain: {name: b}`,
    patches: '[{applyTo: FILTER_CHAIN, match: {listener: {filterChain: {name: b}}}, patch: {operation: REMOVE}}]',
    after: chain('name: a'),
    effects: ['0'],
  });
  check('away with the listener when none is left', {
    before: chain('name: a'),
    patches: '[{applyTo: FILTER_CHAIN, patch: {operation: REMOVE}}]',
    after: undefined,
    effects: ['0'],
  });
  const tls = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';
  check('within their transport sockets', {
    before: chain(`name: a, transport_socket: {name: tls, typed_config: {"@type": ${tls}, require_sni: true}}`),
    patches: `
- applyTo: FILTER_CHAIN
  patch:
    operation: MERGE
    value:
      transport_socket_connect_timeout: 3s
      transport_socket: {name: tls, typed_config: {"@type": ${tls}, disable_stateless_session_resumption: true}}`,
    after: chain(`
name: a, transport_socket_connect_timeout: 3s, transport_socket: {name: tls, typed_config: {
  "@type": ${tls}, require_sni: true, disable_stateless_session_resumption: true}}`),
    effects: ['0'],
  });
});
