import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const check = neighbours('EnvoyFilter', (part) => part);
const patch = neighbours('EnvoyFilter', (part) => `configPatches: [{${part}}]`);
const remove = 'patch: {operation: REMOVE}';
const at = 'spec.configPatches[0]';
const manager = 'envoy.filters.network.http_connection_manager';

describe('an EnvoyFilter', () => {
  check(
    'has patches',
    `configPatches: [{applyTo: CLUSTER, ${remove}}]`,
    'configPatches: []',
    'warning FW0601 spec.configPatches: expected at least one patch, found none',
  );
  check(
    'selects workloads by labels',
    `workloadSelector: {labels: {a: b}}\nconfigPatches: [{applyTo: CLUSTER, ${remove}}]`,
    `workloadSelector: {labels: {a: '*'}}\nconfigPatches: [{applyTo: CLUSTER, ${remove}}]`,
    'error FW0016 spec.workloadSelector.labels.a: expected a label without wildcards, found a=*',
  );
});

describe('the targets of an EnvoyFilter', () => {
  const target = (text: string) => `targetRefs: [{${text}}]\nconfigPatches: [{applyTo: CLUSTER, ${remove}}]`;
  const gateway = 'group: gateway.networking.k8s.io, kind: Gateway, name: a';
  const path = 'spec.targetRefs';
  check(
    'stand instead of a selector',
    target(gateway),
    `${target(gateway)}\nworkloadSelector: {labels: {a: b}}`,
    `error FW0601 ${path}: expected at most one of workloadSelector and targetRefs, found both`,
  );
  check(
    'have names',
    target(gateway),
    target('group: gateway.networking.k8s.io, kind: Gateway'),
    `error FW0601 ${path}[0].name: expected the name of a target, found none`,
  );
  check(
    'are of its own namespace',
    target(`${gateway}, namespace: shop`),
    target(`${gateway}, namespace: bank`),
    `error FW0601 ${path}[0].namespace: expected shop, found bank`,
  );
  check(
    'are gateways',
    target(gateway),
    target("group: '', kind: Service, name: a"),
    `warning FW0009 ${path}[0]: expected a Gateway of gateway.networking.k8s.io, found Service: it is for waypoints, which this version does not serve`,
  );
});

describe('a patch', () => {
  patch(
    'says what it applies to and what it does',
    `applyTo: CLUSTER, ${remove}`,
    'applyTo: INVALID',
    `error FW0601 ${at}.applyTo: expected what the patch applies to, found nothing`,
    `error FW0601 ${at}.patch.operation: expected an operation, found none`,
  );
  patch(
    'has a value unless it removes',
    `applyTo: CLUSTER, ${remove}`,
    'applyTo: CLUSTER, patch: {operation: MERGE}',
    `error FW0601 ${at}.patch.value: expected a value for operation MERGE, found none`,
  );
  patch(
    'asks for a version by a regular expression of RE2',
    `applyTo: CLUSTER, match: {proxy: {proxyVersion: "^1\\\\.2.*"}}, ${remove}`,
    `applyTo: CLUSTER, match: {proxy: {proxyVersion: "(?=1)"}}, ${remove}`,
    `error FW0601 ${at}.match.proxy.proxyVersion: expected a regular expression of RE2's syntax, found "(?=1)": error parsing regexp: invalid or unsupported Perl syntax: \`(?=\``,
  );
  patch(
    'matches what it applies to',
    `applyTo: HTTP_ROUTE, match: {routeConfiguration: {}}, ${remove}`,
    `applyTo: HTTP_ROUTE, match: {cluster: {}}, ${remove}`,
    `error FW0601 ${at}.match.cluster: expected routeConfiguration for applyTo HTTP_ROUTE, found cluster`,
  );
  patch(
    'matches one kind of thing',
    `applyTo: CLUSTER, match: {cluster: {}}, ${remove}`,
    `applyTo: CLUSTER, match: {cluster: {}, listener: {}}, ${remove}`,
    `error FW0601 ${at}.match: expected one of listener, routeConfiguration and cluster, found listener and cluster`,
  );
  const filter = (applyTo: string, text: string) =>
    `applyTo: ${applyTo}, match: {listener: {filterChain: {filter: {${text}}}}}, ${remove}`;
  const match = `${at}.match.listener.filterChain.filter`;
  patch(
    'matches filters by their names',
    filter('HTTP_FILTER', `name: ${manager}, subFilter: {name: a}`),
    filter('HTTP_FILTER', 'subFilter: {}'),
    `error FW0601 ${match}.name: expected the name of a filter, found none`,
    `error FW0601 ${match}.subFilter.name: expected the name of a filter, found none`,
  );
  patch(
    'matches filters within filters for HTTP alone',
    filter('HTTP_FILTER', `name: ${manager}, subFilter: {name: a}`),
    filter('NETWORK_FILTER', 'name: b, subFilter: {name: a}'),
    `error FW0601 ${match}.subFilter: expected it only for applyTo HTTP_FILTER, found it for NETWORK_FILTER`,
    `error FW0601 ${match}.subFilter: expected it only within ${manager}, found it within b`,
  );
  patch(
    'of a listener asks for no filter',
    filter('NETWORK_FILTER', 'name: a'),
    filter('LISTENER', 'name: a'),
    `warning FW0601 ${match}: expected no filter for applyTo LISTENER, found one: it has no effect`,
  );
});
