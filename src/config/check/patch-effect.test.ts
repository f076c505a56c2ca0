import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const patch = neighbours('EnvoyFilter', (part) => `configPatches: [{${part}}]`);
const at = 'spec.configPatches[0]';
const manager = 'envoy.filters.network.http_connection_manager';
const lua = '{name: lua, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}}';
const onHttp = (name: string) =>
  `match: {listener: {filterChain: {filter: {name: ${manager}, subFilter: {name: ${name}}}}}}`;

describe('a patch can do what it says', () => {
  patch(
    'to what a control plane sends, not to what an agent starts with',
    'applyTo: CLUSTER, patch: {operation: MERGE, value: {}}',
    'applyTo: BOOTSTRAP, patch: {operation: MERGE, value: {}}',
    `warning FW0009 ${at}.applyTo: expected what a control plane sends, found BOOTSTRAP: it is for the agent that starts Envoy`,
  );
  patch(
    'with an operation that means something there',
    'applyTo: VIRTUAL_HOST, patch: {operation: REPLACE, value: {}}',
    'applyTo: CLUSTER, patch: {operation: REPLACE, value: {name: a}}',
    `warning FW0602 ${at}.patch.operation: expected one of MERGE, MERGE_AND_REPLACE_LIST, ADD, REMOVE for CLUSTER, found REPLACE: it has no effect`,
  );
  patch(
    'to a route configuration only by merging',
    'applyTo: ROUTE_CONFIGURATION, patch: {operation: MERGE, value: {}}',
    'applyTo: ROUTE_CONFIGURATION, patch: {operation: ADD, value: {}}',
    `warning FW0602 ${at}.patch.operation: expected one of MERGE, MERGE_AND_REPLACE_LIST for ROUTE_CONFIGURATION, found ADD: it has no effect`,
  );
  patch(
    'to sidecars and gateways, not to waypoints',
    'applyTo: CLUSTER, match: {context: GATEWAY}, patch: {operation: REMOVE}',
    'applyTo: CLUSTER, match: {context: WAYPOINT}, patch: {operation: REMOVE}',
    `warning FW0009 ${at}.match: expected no waypoint, found one: this version serves none`,
  );
  patch(
    'to listeners by port number',
    'applyTo: LISTENER, match: {listener: {portNumber: 80}}, patch: {operation: REMOVE}',
    'applyTo: LISTENER, match: {listener: {portName: http}}, patch: {operation: REMOVE}',
    `warning FW0602 ${at}.match.listener.portName: expected portNumber or name, found portName: it has no effect`,
  );
  patch(
    'without a class for its filter',
    `applyTo: HTTP_FILTER, ${onHttp('a')}, patch: {operation: INSERT_BEFORE, value: ${lua}}`,
    `applyTo: HTTP_FILTER, ${onHttp('a')}, patch: {operation: INSERT_BEFORE, filterClass: AUTHZ, value: ${lua}}`,
    `warning FW0602 ${at}.patch.filterClass: expected the place of a filter to follow from match, found AUTHZ`,
  );
  patch(
    'by naming the filter to remove',
    'applyTo: NETWORK_FILTER, match: {listener: {filterChain: {filter: {name: a}}}}, patch: {operation: REMOVE}',
    'applyTo: NETWORK_FILTER, match: {listener: {portNumber: 80}}, patch: {operation: REMOVE}',
    `warning FW0602 ${at}.match: expected the name of the filter to REMOVE, found none: it has no effect`,
  );
  patch(
    'by placing HTTP filters before the router',
    `applyTo: HTTP_FILTER, ${onHttp('envoy.filters.http.router')}, patch: {operation: INSERT_BEFORE, value: ${lua}}`,
    `applyTo: HTTP_FILTER, ${onHttp('envoy.filters.http.router')}, patch: {operation: INSERT_AFTER, value: ${lua}}`,
    `warning FW0602 ${at}.patch.operation: expected a place before envoy.filters.http.router, found INSERT_AFTER: Envoy refuses a filter that follows the router`,
  );
  patch(
    'by the names that filters have',
    `applyTo: HTTP_FILTER, ${onHttp('envoy.filters.http.cors')}, patch: {operation: REMOVE}`,
    `applyTo: HTTP_FILTER, ${onHttp('envoy.cors')}, patch: {operation: REMOVE}`,
    `warning FW0602 ${at}.match.listener.filterChain.filter.subFilter.name: expected envoy.filters.http.cors, found envoy.cors, its former name: it matches nothing`,
  );
});
