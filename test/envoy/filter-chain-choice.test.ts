/** Random listeners and connections: Envoy chooses the filter chain that the evaluator says. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Call } from '../../src/evaluate/call.ts';
import { chooseFilterChain } from '../../src/evaluate/filter-chain.ts';
import { levels } from '../../src/evaluate/filter-chain-levels.ts';
import { inspect } from '../../src/evaluate/listener-filters.ts';
import { Listener } from '../../src/proto/envoy/config/listener/v3/listener.ts';
import { FilterChainMatch } from '../../src/proto/envoy/config/listener/v3/listener_components.ts';
import type { AddressBlock } from '../../src/up/address-block.ts';
import { messageOf } from '../support/envoy-messages.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { clientHello } from './support/client-hello.ts';
import { type StaticEnvoy, startStaticEnvoy } from './support/static-envoy.ts';
import { describeWithEnvoy } from './support/suite.ts';
import { takeTestBlock } from './support/test-blocks.ts';

/** The same listeners and connections in every run. */
const seed = 20_260_824;
const listenerCount = 40;
const connectionsPerListener = 25;

const some = (...values: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
/** Blocks of length 0 are left out: beside chains for any address Envoy takes either, as it happens to hash them. */
const blocks = (...values: readonly string[]) =>
  some(...values).map((all) =>
    all.map((block) => ({ addressPrefix: block.split('/')[0], prefixLen: Number(block.split('/')[1]) })),
  );

/** Each criterion is there or not. */
function matchesFor(block: number) {
  const criteria = {
    destinationPort: fc.constantFrom(80, 443),
    prefixRanges: blocks('10.0.0.0/8', '10.1.0.0/16', '10.1.9.9/17', '10.1.2.3/32', 'fd00::/16', 'fd00:1::/32'),
    serverNames: some('a.example.com', '*.example.com', '*.com', 'example.com', '*.b.example.com'),
    transportProtocol: fc.constantFrom('tls', 'raw_buffer'),
    applicationProtocols: some('h2', 'http/1.1', 'istio', 'h2c'),
    directSourcePrefixRanges: blocks(`127.${block}.0.0/16`, `127.${block}.1.0/24`),
    sourceType: fc.constantFrom('SAME_IP_OR_LOOPBACK', 'EXTERNAL'),
    sourcePrefixRanges: blocks('192.168.0.0/16', '192.168.1.0/24', '192.168.1.7/32', '127.0.0.0/8'),
    sourcePorts: fc.uniqueArray(fc.constantFrom(1000, 2000), { minLength: 1 }),
  };
  return fc
    .tuple(fc.record(criteria), fc.subarray(Object.keys(criteria), { maxLength: 5 }))
    .map(([match, names]) => Object.fromEntries(Object.entries(match).filter(([name]) => names.includes(name))));
}

function chain(name: string, match: object): object {
  const typedConfig = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config',
    response: { inlineString: name },
  };
  return { name, filterChainMatch: match, filters: [{ name: 'answer', typedConfig }] };
}

/** Each combination of a match's values; no two chains of a listener may have one in common. */
function combinations(match: object): readonly string[] {
  const message = messageOf(FilterChainMatch, match);
  return levels.reduce<readonly string[]>(
    (all, level) => {
      const values = level.values(message);
      return all.flatMap((one) => (values.length === 0 ? [''] : values).map((value) => `${one}|${value}`));
    },
    [''],
  );
}

function distinct(matches: readonly object[]): readonly object[] {
  const taken = new Set<string>();
  return matches.filter((match) => {
    const own = combinations(match);
    if (new Set(own).size < own.length || own.some((one) => taken.has(one))) return false;
    for (const one of own) taken.add(one);
    return true;
  });
}

const inspectors = [
  'proxy_protocol.v3.ProxyProtocol',
  'tls_inspector.v3.TlsInspector',
  'http_inspector.v3.HttpInspector',
];

function listenersAt(address: string, block: number): readonly object[] {
  const listener = fc.record({
    matches: fc.array(matchesFor(block), { minLength: 2, maxLength: 9 }),
    hasDefault: fc.boolean(),
  });
  return fc.sample(listener, { seed, numRuns: listenerCount }).map(({ matches, hasDefault }, i) => ({
    name: `listener ${i}`,
    address: { socketAddress: { address, portValue: 20_000 + i } },
    listenerFilters: inspectors.map((type) => ({
      name: type,
      typedConfig: { '@type': `type.googleapis.com/envoy.extensions.filters.listener.${type}` },
    })),
    filterChains: distinct(matches).map((match, k) => chain(`chain ${k}`, match)),
    ...(hasDefault ? { defaultFilterChain: chain('default', {}) } : {}),
  }));
}

interface Connecting {
  readonly destination: string;
  readonly port: number;
  /** `same`: the destination's own. */
  readonly source: string;
  readonly sourcePort: number;
  readonly from: readonly [part: number, number: number];
  readonly says: 'tls' | 'http/1.1' | 'h2' | 'bytes';
  readonly sni: string | undefined;
  readonly alpn: readonly string[];
}

const connecting: fc.Arbitrary<Connecting> = fc.record({
  destination: fc.constantFrom('10.1.2.3', '10.1.5.5', '10.9.9.9', '11.1.1.1', 'fd00:1::5', 'fd00:2::5', 'fe80::1'),
  port: fc.constantFrom(80, 443, 8080),
  source: fc.constantFrom('192.168.1.7', '192.168.1.8', '192.168.9.9', '172.16.0.1', '127.0.0.1', 'same'),
  sourcePort: fc.constantFrom(1000, 2000, 3000),
  from: fc.constantFrom([1, 5] as const, [2, 5] as const),
  says: fc.constantFrom('tls', 'tls', 'http/1.1', 'h2', 'bytes'),
  sni: fc.constantFrom(
    undefined,
    'a.example.com',
    'x.example.com',
    'A.Example.com',
    'example.com',
    'x.b.example.com',
    'z.org',
    'com',
  ),
  alpn: fc.constantFrom([], ['h2'], ['http/1.1', 'h2'], ['zz', 'istio'], ['h2c']),
});

const firstBytes = {
  'http/1.1': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  h2: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  bytes: '\u0001\u0002 neither TLS nor HTTP\r\n',
};

function toCall({ destination, port, source, sourcePort, says, sni, alpn }: Connecting, from: string): Call {
  const isIpv6 = destination.includes(':');
  const remote = source === 'same' || isIpv6 ? (source === '127.0.0.1' ? '::1' : destination) : source;
  return {
    destination: { ip: destination, port },
    source: { ip: from, port: 0 },
    proxyProtocol: { source: { ip: remote, port: sourcePort }, destination: { ip: destination, port } },
    ...(says === 'tls' ? { tls: { alpn, ...(sni === undefined ? {} : { sni }) } } : {}),
    payload:
      says === 'tls' || says === 'bytes'
        ? { kind: 'bytes' }
        : { kind: 'http', version: says, method: 'GET', authority: 'a', path: '/', headers: [] },
  };
}

interface Asking {
  readonly host: string;
  readonly port: number;
  readonly says: Connecting['says'];
  /** How often to ask before no answer counts as none. */
  readonly most: number;
}

/**
 * The name of the chain that answers; empty when the connection is closed each time: a chain that closes before it has
 * read everything resets, and a reset may overtake its answer.
 */
async function answerOf({ host, port, says, most }: Asking, call: Call): Promise<string> {
  for (let tries = 0; tries < most; tries++) {
    const answer = await oneAnswerOf(host, port, call, says);
    if (answer !== '') return answer;
    // On a machine that does much else the reset may come before the answer, again and again.
    await sleep(tries);
  }
  return '';
}

async function oneAnswerOf(host: string, port: number, call: Call, says: Connecting['says']): Promise<string> {
  const { tls, proxyProtocol, source } = call;
  const hello = tls === undefined ? Buffer.from(firstBytes[says as 'bytes']) : await clientHello(tls.sni, tls.alpn);
  const { source: from, destination: to } = proxyProtocol as NonNullable<Call['proxyProtocol']>;
  const header = `PROXY TCP${to.ip.includes(':') ? 6 : 4} ${from.ip} ${to.ip} ${from.port} ${to.port}\r\n`;
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port, ...(source === undefined ? {} : { localAddress: source.ip }) });
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    // A chain that nobody chose is a reset.
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(Buffer.concat([Buffer.from(header), hello]));
  });
}

describeWithEnvoy('the filter chain of a connection', ({ path: program }) => {
  let block: AddressBlock;
  let envoy: StaticEnvoy;
  let listeners: readonly object[] = [];
  before(async () => {
    block = await takeTestBlock();
    const address = block.at(0, 1);
    listeners = listenersAt(address, block.number);
    envoy = await startStaticEnvoy({ program, folder: tempFolder({ after }).path, address, resources: { listeners } });
  });
  after(async () => {
    await envoy?.stop();
    block?.release();
  });

  it(`is the one that Envoy chooses, ${listenerCount * connectionsPerListener} times`, async () => {
    const tries = fc.sample(connecting, { seed, numRuns: listenerCount * connectionsPerListener });
    const found: unknown[] = [];
    const expected: unknown[] = [];
    for (const [i, one] of tries.entries()) {
      const at = i % listenerCount;
      const call = toCall(one, block.at(...one.from));
      const listener = messageOf(Listener, listeners[at]);
      const connection = inspect(listener, call, call.destination);
      assert.ok(connection.found !== undefined);
      const chosen = chooseFilterChain(listener, connection.found).step.chosen ?? '';
      found.push([i, chosen]);
      const asking = { host: block.at(0, 1), port: 20_000 + at, says: one.says, most: chosen === '' ? 3 : 20 };
      expected.push([i, await answerOf(asking, call)]);
    }
    assert.deepEqual(found, expected);
    assert.ok(
      new Set(expected.map((one) => (one as readonly string[])[1])).size > 8,
      'expected many chains to be chosen',
    );
  });
});
