/** Patches of EnvoyFilters that are right as they stand and cannot do what they say. */
import type { Path } from '../../lib/schema.ts';
import type { ConfigPatch } from '../envoy-filter.ts';
import { type ApplyTo, effectiveOperation, type Operation, operationsOn } from '../patch-operation.ts';
import type { Check } from './check.ts';

export function checkPatchEffect(
  check: Check,
  path: Path,
  applyTo: ApplyTo,
  operation: Operation,
  { match, patch }: ConfigPatch,
): void {
  const warn = (at: Path, message: string) => check.warning('FW0602', [...path, ...at], message);
  if (applyTo === 'BOOTSTRAP') {
    const message = 'expected what a control plane sends, found BOOTSTRAP: it is for the agent that starts Envoy';
    check.warning('FW0009', [...path, 'applyTo'], message);
  } else if (effectiveOperation(applyTo, operation) === undefined) {
    const known = operationsOn(applyTo).join(', ');
    warn(['patch', 'operation'], `expected one of ${known} for ${applyTo}, found ${operation}: it has no effect`);
  }
  if (match?.context === 'WAYPOINT' || match?.waypoint !== undefined)
    check.warning('FW0009', [...path, 'match'], 'expected no waypoint, found one: this version serves none');
  if ((match?.listener?.portName ?? '') !== '')
    warn(['match', 'listener', 'portName'], 'expected portNumber or name, found portName: it has no effect');
  if (patch?.filterClass !== undefined && patch.filterClass !== 'UNSPECIFIED')
    warn(['patch', 'filterClass'], `expected the place of a filter to follow from match, found ${patch.filterClass}`);
  checkFilterPlace(warn, applyTo, operation, match);
  checkFilterNames(warn, match);
}

type Warn = (at: Path, message: string) => void;
type Match = ConfigPatch['match'];

function checkFilterPlace(warn: Warn, applyTo: ApplyTo, operation: Operation, match: Match): void {
  const filter = match?.listener?.filterChain?.filter;
  const names = {
    LISTENER_FILTER: match?.listener?.listenerFilter,
    NETWORK_FILTER: filter && (filter.name ?? ''),
    HTTP_FILTER: filter?.subFilter && (filter.subFilter.name ?? ''),
  };
  if (!(applyTo in names)) return;
  const name = names[applyTo as keyof typeof names];
  if (name === undefined && (operation === 'REMOVE' || operation === 'REPLACE'))
    warn(['match'], `expected the name of the filter to ${operation}, found none: it has no effect`);
  const isLast = operation === 'ADD' || (operation === 'INSERT_AFTER' && (name === undefined || name === router));
  if (applyTo === 'HTTP_FILTER' && isLast)
    warn(
      ['patch', 'operation'],
      `expected a place before ${router}, found ${operation}: Envoy refuses a filter that follows the router`,
    );
}

const router = 'envoy.filters.http.router';

/** Names that filters had in old versions of Envoy. */
const formerNames: { readonly [name: string]: string } = {
  'envoy.http_connection_manager': 'envoy.filters.network.http_connection_manager',
  'envoy.tcp_proxy': 'envoy.filters.network.tcp_proxy',
  'envoy.mongo_proxy': 'envoy.filters.network.mongo_proxy',
  'envoy.router': router,
  'envoy.cors': 'envoy.filters.http.cors',
  'envoy.fault': 'envoy.filters.http.fault',
  'envoy.grpc_web': 'envoy.filters.http.grpc_web',
  'envoy.listener.tls_inspector': 'envoy.filters.listener.tls_inspector',
  'envoy.listener.http_inspector': 'envoy.filters.listener.http_inspector',
  'envoy.listener.original_dst': 'envoy.filters.listener.original_dst',
};

function checkFilterNames(warn: Warn, match: Match): void {
  const listener = ['match', 'listener'];
  const { listenerFilter, filterChain: { filter } = {} } = match?.listener ?? {};
  const places: readonly (readonly [Path, string | undefined])[] = [
    [[...listener, 'listenerFilter'], listenerFilter],
    [[...listener, 'filterChain', 'filter', 'name'], filter?.name],
    [[...listener, 'filterChain', 'filter', 'subFilter', 'name'], filter?.subFilter?.name],
  ];
  for (const [at, name = ''] of places) {
    const current = formerNames[name];
    if (current !== undefined) warn(at, `expected ${current}, found ${name}, its former name: it matches nothing`);
  }
}
