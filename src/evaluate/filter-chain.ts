/**
 * Which filter chain of a listener serves a connection. At each level in turn only the chains with the most specific value
 * that fits the connection stay; nothing goes back to a level once it is decided, so that a chain that fits in all may lose
 * to one that fits better early and not at all later (Envoy, FilterChainMatch; `default_filter_chain` is the last resort).
 */
import type { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import type { FilterChain } from '../proto/envoy/config/listener/v3/listener_components.ts';
import { type Level, levels } from './filter-chain-levels.ts';
import type { Connection } from './listener-filters.ts';
import { type Alternative, type Choice, chosen, ending, refusal } from './outcome.ts';

export function chooseFilterChain(listener: Listener, connection: Connection): Choice<FilterChain> {
  if (listener.filterChainMatcher !== undefined) {
    const because = 'the listener chooses by a matcher tree, which is not evaluated';
    return ending('filter chain', { kind: 'undecided', because });
  }
  const chains = listener.filterChains ?? [];
  const named = chains.map((chain, index) => ({ chain, index }));
  const passedOver: Alternative[] = [];
  let left = named;
  for (const level of levels) {
    const best = bestValue(
      level,
      left.map(({ chain }) => chain),
      connection,
    );
    const kept = left.filter(({ chain }) => best !== undefined && valuesOf(level, chain).includes(best));
    for (const one of left) if (!kept.includes(one)) passedOver.push(lost(one, level, connection));
    left = kept;
  }
  const [only, ...more] = left;
  if (more.length > 0) {
    const names = left.map(({ chain, index }) => nameOf(chain, index)).join(' and ');
    return ending('filter chain', refusal('multiple filter chains matched', `${names} match alike`), passedOver);
  }
  if (only !== undefined) {
    const { chain, index } = only;
    const because = chains.length === 1 ? 'it is the only one' : `it fits ${criteria(chain, connection)}`;
    return { found: chain, step: chosen('filter chain', chain.name ?? '', because, { index, passedOver }) };
  }
  if (listener.defaultFilterChain === undefined)
    return ending('filter chain', refusal('no filter chains matched', 'no filter chain fits'), passedOver);
  const fallback = listener.defaultFilterChain;
  const step = chosen('filter chain', fallback.name ?? '', 'no other filter chain fits', { passedOver });
  return { found: fallback, step };
}

/** Unconstrained chains have the one value `''`. */
function valuesOf(level: Level, chain: FilterChain): readonly string[] {
  const values = level.values(chain.filterChainMatch ?? {});
  return values.length === 0 ? [''] : values;
}

function bestValue(level: Level, chains: readonly FilterChain[], connection: Connection): string | undefined {
  return level.best(new Set(chains.flatMap((chain) => valuesOf(level, chain))), connection);
}

function nameOf({ name }: FilterChain, index: number): string {
  return name || `filter chain ${index}`;
}

function lost(
  { chain, index }: { chain: FilterChain; index: number },
  level: Level,
  connection: Connection,
): Alternative {
  const values = valuesOf(level, chain);
  const fits = level.best(new Set(values), connection) !== undefined;
  return {
    name: nameOf(chain, index),
    because: fits
      ? `another is more specific in the ${level.name} ${level.found(connection)}`
      : `it wants the ${level.name} ${values.join(' or ')}, not ${level.found(connection)}`,
  };
}

/** The levels at which the chain says something. */
function criteria(chain: FilterChain, connection: Connection): string {
  const said = levels.filter((level) => level.values(chain.filterChainMatch ?? {}).length > 0);
  return said.length === 0
    ? 'every connection'
    : said.map(({ name, found }) => `the ${name} ${found(connection)}`).join(', ');
}
