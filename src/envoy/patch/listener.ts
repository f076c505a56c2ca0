/**
 * Patches on Listeners and what is in them, from the outside in: the listener, its listener filters, its chains, the
 * filters of each, their HTTP filters. On one level filters are placed before any are merged, as Istio does it.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { envoyMessage } from '../../descriptors/registry.ts';
import { patchChain } from './filter-chain.ts';
import { type FilterChainMessage, type ListenerMessage, listenerFilterMeant, meansListener } from './listener-match.ts';
import { mergeFilters, placeFilter } from './named.ts';
import { Effects, mergePatch, type Patch, type Patched, patchesOn, valueOf } from './patch.ts';

const schema = () => envoyMessage('envoy.config.listener.v3.Listener');

/** Carries out what patches say of a listener. */
export function patchListener(name: string, bytes: Uint8Array, patches: readonly Patch[]): Patched {
  if (patches.length === 0) return { name, bytes, effects: [] };
  const listener = fromBinary(schema(), bytes) as ListenerMessage;
  const effects = new Effects();
  const isKept = patch(listener, patches, effects);
  const changed = !isKept ? undefined : effects.isChange ? toBinary(schema(), listener) : bytes;
  return { name: listener.name, bytes: changed, effects: effects.list() };
}

/** False when the listener is removed. */
function patch(listener: ListenerMessage, patches: readonly Patch[], effects: Effects): boolean {
  for (const one of patchesOn('LISTENER', patches)) {
    if (one.ir.operation === 'ADD' || !meansListener(one, listener)) continue;
    if (one.ir.operation === 'REMOVE') {
      effects.applied(one);
      return false;
    }
    mergePatch(listener, one, effects);
  }
  patchListenerFilters(listener, patchesOn('LISTENER_FILTER', patches), effects);
  const hadChains = listener.filterChains.length > 0 || listener.defaultFilterChain !== undefined;
  patchChains(listener, patches, effects);
  // Envoy refuses a listener without chains.
  return !hadChains || listener.filterChains.length > 0 || listener.defaultFilterChain !== undefined;
}

function patchListenerFilters(listener: ListenerMessage, patches: readonly Patch[], effects: Effects): void {
  const meant = patches.filter((one) => meansListener(one, listener));
  for (const one of meant)
    listener.listenerFilters = placeFilter(listener.listenerFilters, one, effects, listenerFilterMeant(one));
  for (const one of meant) mergeFilters(listener.listenerFilters, one, effects, listenerFilterMeant(one));
}

function patchChains(listener: ListenerMessage, patches: readonly Patch[], effects: Effects): void {
  const meant = patches.filter((one) => meansListener(one, listener));
  listener.filterChains = listener.filterChains.filter((chain) => patchChain(listener, chain, meant, effects));
  const { defaultFilterChain } = listener;
  if (defaultFilterChain !== undefined && !patchChain(listener, defaultFilterChain, meant, effects))
    delete listener.defaultFilterChain;
  for (const one of patchesOn('FILTER_CHAIN', meant)) if (one.ir.operation === 'ADD') addChain(listener, one, effects);
}

/** Envoy refuses a listener with two chains for the same connections. */
function addChain(listener: ListenerMessage, one: Patch, effects: Effects): void {
  const chain = valueOf<FilterChainMessage>(one);
  const key = matchKey(chain);
  const other = listener.filterChains.find((existing) => matchKey(existing) === key);
  if (other !== undefined) {
    const which = other.name === '' ? 'another chain' : `the chain ${other.name}`;
    effects.misfit(one, `expected a filterChainMatch that differs from that of ${which}, found the same`);
    return;
  }
  listener.filterChains.push(chain);
  effects.applied(one);
}

function matchKey({ filterChainMatch }: FilterChainMessage): string {
  if (filterChainMatch === undefined) return '';
  const bytes = toBinary(envoyMessage('envoy.config.listener.v3.FilterChainMatch'), filterChainMatch);
  return Buffer.from(bytes).toString('base64');
}
