import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { chooseFilterChain } from './filter-chain.ts';
import type { Connection } from './listener-filters.ts';

/**
 * The documented rule, told from the other side: a chain is a list of paths through the criteria, one for each combination
 * of its values. Of all paths the one is chosen whose values fit best, compared from the first criterion on, where "best"
 * is found among the paths that agree in everything before. If nothing fits at some criterion, there is no chain.
 */
function model(chains: readonly Chain[], connection: Connection): readonly string[] {
  let paths = chains.flatMap((chain) => pathsOf(chain).map((path) => ({ name: chain.name, path })));
  for (const [i, candidates] of wanted(connection).entries()) {
    const best = candidates.find((value) => paths.some(({ path }) => path[i] === value));
    paths = paths.filter(({ path }) => path[i] === best);
  }
  return [...new Set(paths.map(({ name }) => name))];
}

interface Chain {
  readonly name: string;
  readonly ports: readonly string[];
  readonly blocks: readonly string[];
  readonly names: readonly string[];
  readonly transports: readonly string[];
  readonly protocols: readonly string[];
  readonly sourcePorts: readonly string[];
}

function pathsOf({ ports, blocks, names, transports, protocols, sourcePorts }: Chain): readonly (readonly string[])[] {
  return [ports, blocks, names, transports, protocols, sourcePorts].reduce<readonly (readonly string[])[]>(
    (paths, values) => paths.flatMap((path) => (values.length === 0 ? [''] : values).map((value) => [...path, value])),
    [[]],
  );
}

/** For each criterion the values that a connection fits, the most specific first. */
function wanted({
  local,
  serverName,
  transport,
  applicationProtocols,
  remote,
}: Connection): readonly (readonly string[])[] {
  const blocks = {
    '10.1.2.3': ['10.1.2.3/32', '10.1.0.0/16', '10.0.0.0/8'],
    '10.1.9.9': ['10.1.0.0/16', '10.0.0.0/8'],
  };
  const names = { 'a.b.com': ['a.b.com', '*.b.com', '*.com'], 'b.com': ['b.com', '*.com'], '': [] };
  return [
    [String(local.port), ''],
    [...(blocks[local.ip as keyof typeof blocks] ?? []), ''],
    [...names[serverName as keyof typeof names], ''],
    [transport, ''],
    [...applicationProtocols, ''],
    [String(remote.port), ''],
  ];
}

const values = (...all: readonly string[]) => fc.uniqueArray(fc.constantFrom(...all), { maxLength: 2 });
const one = (...all: readonly string[]) => fc.uniqueArray(fc.constantFrom(...all), { maxLength: 1 });
const chainsOf = fc
  .array(
    fc.record({
      ports: one('80', '443'),
      blocks: values('10.1.2.3/32', '10.1.0.0/16', '10.0.0.0/8'),
      names: values('a.b.com', '*.b.com', '*.com', 'b.com'),
      transports: one('tls', 'raw_buffer'),
      protocols: values('h2', 'http/1.1', 'istio'),
      sourcePorts: values('1', '2'),
    }),
    { maxLength: 8 },
  )
  .map((chains) => chains.map((chain, i): Chain => ({ ...chain, name: `chain ${i}` })));

const connections: fc.Arbitrary<Connection> = fc
  .record({
    port: fc.constantFrom(80, 443, 8080),
    ip: fc.constantFrom('10.1.2.3', '10.1.9.9', '11.0.0.1'),
    serverName: fc.constantFrom('a.b.com', 'b.com', ''),
    transport: fc.constantFrom('tls' as const, 'raw_buffer' as const),
    applicationProtocols: fc.uniqueArray(fc.constantFrom('h2', 'http/1.1', 'istio', 'zz'), { maxLength: 3 }),
    sourcePort: fc.constantFrom(1, 2, 3),
  })
  .map(({ port, ip, sourcePort, ...rest }) => {
    const remote = { ip: '192.0.2.1', port: sourcePort };
    return { ...rest, local: { ip, port }, remote, directRemote: remote };
  });

it('of any chains the one that the documented order selects is chosen', () => {
  fc.assert(
    fc.property(chainsOf, connections, (chains, connection) => {
      const filterChains = chains.map(({ name, ports, blocks, names, transports, protocols, sourcePorts }) => ({
        name,
        filterChainMatch: {
          ...(ports[0] === undefined ? {} : { destinationPort: Number(ports[0]) }),
          prefixRanges: blocks.map((block) => {
            const [addressPrefix = '', length] = block.split('/');
            return { addressPrefix, prefixLen: Number(length) };
          }),
          serverNames: [...names],
          ...(transports[0] === undefined ? {} : { transportProtocol: transports[0] }),
          applicationProtocols: [...protocols],
          sourcePorts: sourcePorts.map(Number),
        },
      }));
      const { step, end } = chooseFilterChain({ filterChains }, connection);
      const expected = model(chains, connection);
      const [only] = expected;
      const found = end?.kind === 'refused' ? end.error : step.chosen;
      assert.equal(
        found,
        expected.length > 1 ? 'multiple filter chains matched' : (only ?? 'no filter chains matched'),
      );
    }),
    { numRuns: 2000 },
  );
});
