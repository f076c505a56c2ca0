import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indent } from '../../../test/support/indent.ts';
import { bytesOf, effectLines, jsonOf, normal, patchesIn } from '../../../test/support/patches.ts';
import { patchListener } from './listener.ts';

const listener = 'envoy.config.listener.v3.Listener';
const managerName = 'envoy.filters.network.http_connection_manager';
const managerType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const proxyType = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';
const routerType = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

function check(
  title: string,
  filters: string,
  patches: string,
  expected: string,
  effects: readonly string[] = ['0'],
  name = '0.0.0.0_80',
): void {
  const text = (list: string) => `name: ${name}\nfilter_chains:\n- filters:\n${indent(list, 2)}`;
  it(title, () => {
    const { bytes, effects: found } = patchListener(name, bytesOf(listener, text(filters)), patchesIn(patches));
    assert.deepEqual(bytes && jsonOf(listener, bytes), normal(listener, text(expected)));
    assert.deepEqual(effectLines(found), effects);
  });
}

const tcp = (config: string) => `
- name: envoy.filters.network.tcp_proxy
  typed_config: {"@type": ${proxyType}, ${config}}`;

/** A connection manager with fields as a block and HTTP filters as a flow. */
const http = (filters: string, fields = 'stat_prefix: a') => `
- name: ${managerName}
  typed_config:
    "@type": ${managerType}
${indent(fields, 4)}
    http_filters: [${filters.trim().replace(/\s*\n\s*/g, ' ')}]`;

const router = `{name: envoy.filters.http.router, typed_config: {"@type": ${routerType}}}`;
const onNetwork = (name: string) => `match: {listener: {filterChain: {filter: {name: ${name}}}}}`;
const onHttp = (name: string) =>
  `match: {listener: {filterChain: {filter: {name: ${managerName}, subFilter: {name: ${name}}}}}}`;

describe('the network filters of a chain are patched', () => {
  check(
    'with one before the one that is named',
    tcp('cluster: a'),
    `
- applyTo: NETWORK_FILTER
  ${onNetwork('envoy.filters.network.tcp_proxy')}
  patch: {operation: INSERT_BEFORE, value: {name: limit}}`,
    `- name: limit${tcp('cluster: a')}`,
  );
  check(
    'by merging inside of their configuration',
    tcp('cluster: a, stat_prefix: b'),
    `
- applyTo: NETWORK_FILTER
  ${onNetwork('envoy.filters.network.tcp_proxy')}
  patch:
    operation: MERGE
    value: {typed_config: {"@type": ${proxyType}, idle_timeout: 300s, cluster: c}}`,
    tcp('cluster: c, stat_prefix: b, idle_timeout: 300s'),
  );
  check(
    'by merging what stands beside their configuration',
    tcp('cluster: a'),
    `
- applyTo: NETWORK_FILTER
  ${onNetwork('envoy.filters.network.tcp_proxy')}
  patch: {operation: MERGE, value: {name: other}}`,
    tcp('cluster: a').replace('envoy.filters.network.tcp_proxy', 'other'),
  );
  check(
    'but not with a configuration of another type',
    tcp('cluster: a'),
    `
- applyTo: NETWORK_FILTER
  ${onNetwork('envoy.filters.network.tcp_proxy')}
  patch: {operation: MERGE, value: {name: x, typed_config: {"@type": ${managerType}, stat_prefix: b}}}`,
    tcp('cluster: a'),
    [
      '0: expected a typed_config of type envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy as envoy.filters.network.tcp_proxy has, found envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    ],
  );
  check(
    'of any name where the configuration fits, when none is named',
    `- name: x${tcp('cluster: a')}`,
    `
- applyTo: NETWORK_FILTER
  patch: {operation: MERGE, value: {typed_config: {"@type": ${proxyType}, idle_timeout: 1s}}}`,
    `- name: x${tcp('cluster: a, idle_timeout: 1s')}`,
  );
  check(
    'by placing all before any is merged',
    tcp('cluster: a'),
    `
- applyTo: NETWORK_FILTER
  ${onNetwork('envoy.filters.network.tcp_proxy')}
  patch: {operation: MERGE, value: {typed_config: {"@type": ${proxyType}, idle_timeout: 1s}}}
- applyTo: NETWORK_FILTER
  ${onNetwork('envoy.filters.network.tcp_proxy')}
  patch:
    operation: REPLACE
    value: {name: envoy.filters.network.tcp_proxy, typed_config: {"@type": ${proxyType}, cluster: b}}`,
    tcp('cluster: b, idle_timeout: 1s'),
    ['1', '0'],
  );
});

describe('the connection manager of a chain is patched', () => {
  check(
    'in its own fields',
    http(router, 'stat_prefix: a\nuse_remote_address: true'),
    `
- applyTo: NETWORK_FILTER
  ${onNetwork(managerName)}
  patch:
    operation: MERGE
    value:
      typed_config:
        "@type": ${managerType}
        xff_num_trusted_hops: 2
        common_http_protocol_options: {idle_timeout: 30s}
        access_log: [{name: mine}]`,
    http(
      router,
      `
stat_prefix: a
use_remote_address: true
xff_num_trusted_hops: 2
common_http_protocol_options: {idle_timeout: 30s}
access_log: [{name: mine}]`,
    ),
  );
  check(
    'with HTTP filters at every place',
    http(`{name: a}, ${router}`),
    `
- {applyTo: HTTP_FILTER, ${onHttp('envoy.filters.http.router')}, patch: {operation: INSERT_BEFORE, value: {name: b}}}
- {applyTo: HTTP_FILTER, ${onHttp('a')}, patch: {operation: INSERT_AFTER, value: {name: c}}}
- {applyTo: HTTP_FILTER, ${onNetwork(managerName)}, patch: {operation: INSERT_FIRST, value: {name: d}}}
- {applyTo: HTTP_FILTER, ${onNetwork(managerName)}, patch: {operation: ADD, value: {name: e}}}`,
    http(`{name: d}, {name: a}, {name: c}, {name: b}, ${router}, {name: e}`),
    ['0', '1', '2', '3'],
  );
  check(
    'by removing, replacing and merging HTTP filters',
    http(`{name: a}, {name: b}, ${router}`),
    `
- {applyTo: HTTP_FILTER, ${onHttp('a')}, patch: {operation: REMOVE}}
- {applyTo: HTTP_FILTER, ${onHttp('b')}, patch: {operation: REPLACE, value: {name: c}}}
- applyTo: HTTP_FILTER
  ${onHttp('envoy.filters.http.router')}
  patch: {operation: MERGE, value: {typed_config: {"@type": ${routerType}, suppress_envoy_headers: true}}}`,
    http(
      `{name: c}, {name: envoy.filters.http.router, typed_config: {"@type": ${routerType}, suppress_envoy_headers: true}}`,
    ),
    ['0', '1', '2'],
  );
  check(
    'with a filter whose configuration is asked for by name',
    http(router),
    `
- applyTo: HTTP_FILTER
  ${onHttp('envoy.filters.http.router')}
  patch:
    operation: INSERT_BEFORE
    value: {name: a, config_discovery: {config_source: {ads: {}, resource_api_version: V3}, type_urls: [${routerType}]}}`,
    http(`
{name: a, config_discovery: {config_source: {ads: {}, resource_api_version: V3}, type_urls: [${routerType}]}}, ${router}`),
  );
  check(
    'not by names that filters had once',
    http(router),
    `
- applyTo: HTTP_FILTER
  match: {listener: {filterChain: {filter: {name: envoy.http_connection_manager}}}}
  patch: {operation: ADD, value: {name: a}}
- {applyTo: HTTP_FILTER, ${onHttp('envoy.router')}, patch: {operation: INSERT_BEFORE, value: {name: a}}}`,
    http(router),
    [],
  );
  check(
    'and no other filter has HTTP filters',
    tcp('cluster: a'),
    '[{applyTo: HTTP_FILTER, patch: {operation: ADD, value: {name: a}}}]',
    tcp('cluster: a'),
    [],
  );
});

describe('the routes that stand in a connection manager are patched', () => {
  const routes = (name: string, more: string, fields = '') => `
stat_prefix: a
route_config:
  name: ${name}
  virtual_hosts: [{name: 'inbound|http|80', domains: ['*'], routes: [{name: default, match: {prefix: /}}]${fields}}]
${indent(more, 2)}`;
  check(
    'by their port, in the configuration, its hosts and their routes',
    http(router, routes("'inbound|8080||'", 'validate_clusters: false')),
    `
- applyTo: ROUTE_CONFIGURATION
  match: {routeConfiguration: {portNumber: 8080}}
  patch: {operation: MERGE, value: {response_headers_to_remove: [server]}}
- applyTo: VIRTUAL_HOST
  match: {routeConfiguration: {portNumber: 8080, vhost: {name: 'inbound|http|80'}}}
  patch: {operation: MERGE, value: {request_headers_to_remove: [a]}}
- applyTo: HTTP_ROUTE
  match: {routeConfiguration: {vhost: {route: {name: default}}}}
  patch: {operation: INSERT_BEFORE, value: {name: ping, match: {path: /ping}, direct_response: {status: 200}}}
- applyTo: VIRTUAL_HOST
  match: {routeConfiguration: {portNumber: 8081}}
  patch: {operation: REMOVE}`,
    http(
      router,
      `
stat_prefix: a
route_config:
  name: 'inbound|8080||'
  virtual_hosts:
  - name: 'inbound|http|80'
    domains: ['*']
    routes:
    - {name: ping, match: {path: /ping}, direct_response: {status: 200}}
    - {name: default, match: {prefix: /}}
    request_headers_to_remove: [a]
  validate_clusters: false
  response_headers_to_remove: [server]`,
    ),
    ['0', '1', '2'],
  );
});
