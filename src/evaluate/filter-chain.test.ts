import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import { chooseFilterChain } from './filter-chain.ts';
import type { Connection } from './listener-filters.ts';

const connection: Connection = {
  local: { ip: '10.1.2.3', port: 443 },
  remote: { ip: '192.0.2.1', port: 50000 },
  directRemote: { ip: '192.0.2.1', port: 50000 },
  transport: 'tls',
  serverName: 'www.example.com',
  applicationProtocols: ['h2', 'http/1.1'],
};

/** Chains by name, each with its match; `default` is the default filter chain. */
function listenerOf(yaml: string): Listener {
  const { default: fallback, ...chains } = parse(yaml);
  const chain = ([name, filterChainMatch]: readonly [string, unknown]) => ({ name, filterChainMatch });
  return messageOf(Listener, {
    filterChains: Object.entries(chains).map(chain),
    ...(fallback === undefined ? {} : { defaultFilterChain: chain(['default', fallback]) }),
  });
}

function check(
  name: string,
  yaml: string,
  cases: readonly (readonly [change: Partial<Connection>, found: string | undefined])[],
): void {
  it(name, () => {
    const listener = listenerOf(yaml);
    const found = cases.map(([change]) => chooseFilterChain(listener, { ...connection, ...change }).step.chosen);
    assert.deepEqual(
      found,
      cases.map(([, expected]) => expected),
    );
  });
}

const at = (ip: string, port = 443) => ({ local: { ip, port } });
const from = (ip: string, port = 50000) => ({ remote: { ip, port } });

describe('a filter chain is chosen by', () => {
  check('destination port', '{ a: { destinationPort: 443 }, b: {} }', [
    [{}, 'a'],
    [at('10.1.2.3', 80), 'b'],
  ]);
  check(
    'destination address, the longest prefix first',
    `{ wide: { prefixRanges: [{ addressPrefix: 10.0.0.0, prefixLen: 8 }] },
       narrow: { prefixRanges: [{ addressPrefix: 10.1.9.9, prefixLen: 16 }, { addressPrefix: 'fd00::', prefixLen: 8 }] },
       one: { prefixRanges: [{ addressPrefix: 10.1.2.3, prefixLen: 32 }] }, any: {} }`,
    [
      [{}, 'one'],
      [at('10.1.2.4'), 'narrow'],
      [at('fd12::1'), 'narrow'],
      [at('10.2.0.0'), 'wide'],
      [at('11.0.0.0'), 'any'],
      [at('fe80::1'), 'any'],
      [at('/run/socket'), 'any'],
    ],
  );
  check(
    'server name: exact, then the longest wildcard, then none',
    `{ exact: { serverNames: [www.example.com] }, example: { serverNames: ['*.example.com'] },
       com: { serverNames: ['*.com'] }, any: {} }`,
    [
      [{}, 'exact'],
      [{ serverName: 'a.b.example.com' }, 'example'],
      [{ serverName: 'example.com' }, 'com'],
      [{ serverName: 'com' }, 'any'],
      [{ serverName: '' }, 'any'],
      [{ serverName: 'example.org' }, 'any'],
    ],
  );
  check('transport protocol', '{ tls: { transportProtocol: tls }, plain: { transportProtocol: raw_buffer } }', [
    [{}, 'tls'],
    [{ transport: 'raw_buffer' }, 'plain'],
  ]);
  check(
    'application protocol, the client’s first first',
    '{ one: { applicationProtocols: [http/1.1] }, two: { applicationProtocols: [istio, h2] }, any: {} }',
    [
      [{}, 'two'],
      [{ applicationProtocols: ['http/1.1', 'h2'] }, 'one'],
      [{ applicationProtocols: ['zz'] }, 'any'],
      [{ applicationProtocols: [] }, 'any'],
    ],
  );
  check(
    'the address at the other end of the wire',
    '{ near: { directSourcePrefixRanges: [{ addressPrefix: 192.0.2.0, prefixLen: 24 }] }, any: {} }',
    [
      [{}, 'near'],
      [{ directRemote: { ip: '198.51.100.1', port: 1 } }, 'any'],
    ],
  );
  check(
    'source type: this machine or another',
    '{ local: { sourceType: SAME_IP_OR_LOOPBACK }, external: { sourceType: EXTERNAL } }',
    [
      [{}, 'external'],
      [from('127.0.0.1'), 'local'],
      [from('10.1.2.3'), 'local'],
    ],
  );
  check(
    'source address and port',
    `{ wide: { sourcePrefixRanges: [{ addressPrefix: 192.0.0.0, prefixLen: 8 }] },
       narrow: { sourcePrefixRanges: [{ addressPrefix: 192.0.2.0, prefixLen: 24 }], sourcePorts: [1, 2] } }`,
    [
      [from('192.0.2.1', 2), 'narrow'],
      [from('192.9.9.9', 2), 'wide'],
      [from('10.0.0.1'), undefined],
    ],
  );
});

describe('nothing goes back to a criterion that is decided:', () => {
  check(
    'a better address loses what only the other chain would have taken',
    `{ narrow: { prefixRanges: [{ addressPrefix: 10.1.2.3, prefixLen: 32 }], transportProtocol: raw_buffer },
       wide: { prefixRanges: [{ addressPrefix: 10.0.0.0, prefixLen: 8 }] } }`,
    [
      [{}, undefined],
      [at('10.1.2.4'), 'wide'],
    ],
  );
  check(
    'an exact server name with another protocol hides the wildcard',
    `{ exact: { serverNames: [www.example.com], applicationProtocols: [istio] }, wild: { serverNames: ['*.example.com'] } }`,
    [[{}, undefined]],
  );
  check(
    'a port of its own hides the chains for any port',
    '{ a: { destinationPort: 443, transportProtocol: raw_buffer }, b: {} }',
    [[{}, undefined]],
  );
  check('the default filter chain takes what is left', '{ a: { transportProtocol: raw_buffer }, default: {} }', [
    [{}, 'default'],
    [{ transport: 'raw_buffer' }, 'a'],
  ]);
});

it('two chains that match alike are an error, which Envoy reports when it reads the listener', () => {
  const { end, step } = chooseFilterChain(listenerOf('{ a: {}, b: {}, c: { destinationPort: 80 } }'), connection);
  assert.deepEqual(end, { kind: 'refused', error: 'multiple filter chains matched', because: 'a and b match alike' });
  assert.deepEqual(step.passedOver, [{ name: 'c', because: 'it wants the destination port 80, not 443' }]);
});

it('says what each chain was passed over for', () => {
  const listener = listenerOf(`{
    port: { destinationPort: 80 }, wide: { prefixRanges: [{ addressPrefix: 10.0.0.0, prefixLen: 8 }] },
    plain: { prefixRanges: [{ addressPrefix: 10.1.2.3, prefixLen: 32 }], transportProtocol: raw_buffer },
    found: { prefixRanges: [{ addressPrefix: 10.1.2.3, prefixLen: 32 }], transportProtocol: tls } }`);
  assert.deepEqual(chooseFilterChain(listener, connection).step, {
    stage: 'filter chain',
    chosen: 'found',
    index: 3,
    because: 'it fits the destination address 10.1.2.3, the transport protocol tls',
    passedOver: [
      { name: 'port', because: 'it wants the destination port 80, not 443' },
      { name: 'wide', because: 'another is more specific in the destination address 10.1.2.3' },
      { name: 'plain', because: 'it wants the transport protocol raw_buffer, not tls' },
    ],
  });
});

it('a matcher tree is not evaluated', () => {
  assert.deepEqual(chooseFilterChain({ filterChainMatcher: {} }, connection).end, {
    kind: 'undecided',
    because: 'the listener chooses by a matcher tree, which is not evaluated',
  });
});
