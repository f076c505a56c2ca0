/** Patches on filter chains and the filters in them. */
import type { Message } from '@bufbuild/protobuf';
import { mergeInto } from '../../descriptors/merge.ts';
import {
  type FilterChainMessage,
  httpFilterMeant,
  type ListenerMessage,
  meansChain,
  networkFilterMeant,
} from './listener-match.ts';
import { closeAny, mergeFilters, mergeNamed, type Named, openAny, placeFilter, typedConfig } from './named.ts';
import { type Effects, listMergeOf, type Patch, patchesOn, valueOf } from './patch.ts';
import { patchInlineRoutes } from './route-configuration.ts';
import type { RouteConfigurationMessage } from './route-match.ts';

const connectionManager = 'envoy.filters.network.http_connection_manager';

interface HttpManagerMessage extends Message {
  httpFilters: Named[];
  readonly routeSpecifier: { readonly case: string | undefined; readonly value?: unknown };
}

/** Patches a chain by what is meant for its listener; false when the chain is removed. */
export function patchChain(
  listener: ListenerMessage,
  chain: FilterChainMessage,
  patches: readonly Patch[],
  effects: Effects,
): boolean {
  patchRoutes(chain, patches, effects);
  const meant = patches.filter((patch) => meansChain(patch, listener, chain));
  for (const patch of patchesOn('FILTER_CHAIN', meant)) {
    if (patch.ir.operation === 'REMOVE') {
      effects.applied(patch);
      return false;
    }
    mergeChain(chain, patch, effects);
  }
  const onFilters = patchesOn('NETWORK_FILTER', meant);
  for (const patch of onFilters) chain.filters = placeFilter(chain.filters, patch, effects, networkFilterMeant(patch));
  for (const patch of onFilters) mergeFilters(chain.filters, patch, effects, networkFilterMeant(patch));
  const onHttpFilters = patchesOn('HTTP_FILTER', meant);
  for (const filter of chain.filters)
    patchHttpFilters(
      filter,
      onHttpFilters.filter((patch) => networkFilterMeant(patch)?.(filter) ?? true),
      effects,
    );
  return true;
}

/** A transport socket merges with the chain's if it has the same name, and takes its place otherwise. */
function mergeChain(chain: FilterChainMessage, patch: Patch, effects: Effects): void {
  const lists = listMergeOf(patch);
  if (lists === undefined) return;
  const value = valueOf<FilterChainMessage>(patch);
  const { transportSocket: socket } = value;
  if (socket !== undefined) {
    delete value.transportSocket;
    const own = chain.transportSocket;
    const misfit = own?.name === socket.name ? mergeNamed(own, socket, lists) : undefined;
    if (misfit !== undefined) {
      effects.misfit(patch, misfit);
      return;
    }
    if (own?.name !== socket.name) chain.transportSocket = socket;
  }
  mergeInto(chain, value, lists);
  effects.applied(patch);
}

/** Opens the connection manager of a filter; undefined for other filters. */
function managerOf(filter: Named): HttpManagerMessage | undefined {
  const config = filter.name === connectionManager ? typedConfig(filter) : undefined;
  return config === undefined ? undefined : openAny<HttpManagerMessage>(config);
}

function patchHttpFilters(filter: Named, patches: readonly Patch[], effects: Effects): void {
  const manager = patches.length === 0 ? undefined : managerOf(filter);
  if (manager === undefined) return;
  for (const patch of patches)
    manager.httpFilters = placeFilter(manager.httpFilters, patch, effects, httpFilterMeant(patch));
  for (const patch of patches) mergeFilters(manager.httpFilters, patch, effects, httpFilterMeant(patch));
  filter.configType = { case: 'typedConfig', value: closeAny(manager) };
}

/** The routes of inbound traffic stand in the connection managers themselves. */
function patchRoutes(chain: FilterChainMessage, patches: readonly Patch[], effects: Effects): void {
  const onRoutes = patches.filter(({ ir: { target } }) =>
    ['ROUTE_CONFIGURATION', 'VIRTUAL_HOST', 'HTTP_ROUTE'].includes(target),
  );
  if (onRoutes.length === 0) return;
  for (const filter of chain.filters) {
    const manager = managerOf(filter);
    if (manager?.routeSpecifier.case !== 'routeConfig') continue;
    patchInlineRoutes(manager.routeSpecifier.value as RouteConfigurationMessage, onRoutes, effects);
    filter.configType = { case: 'typedConfig', value: closeAny(manager) };
  }
}
