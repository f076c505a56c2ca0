/** EnvoyFilters with patches of every kind, on few names, so that they meet resources and each other. */
import fc from 'fast-check';
import type { Draft } from '../support/draft.ts';
import {
  clusterHost,
  createdAt,
  line,
  namespace,
  namespaces,
  port,
  rarely,
  selector,
  some,
  written,
} from './universe.ts';

const context = fc.constantFrom(undefined, 'ANY', 'SIDECAR_INBOUND', 'SIDECAR_OUTBOUND', 'GATEWAY');
const merging = fc.constantFrom('MERGE', 'MERGE_AND_REPLACE_LIST');
const placing = fc.constantFrom('ADD', 'INSERT_FIRST', 'INSERT_BEFORE', 'INSERT_AFTER', 'REPLACE');
const remove = { operation: 'REMOVE' };
const managerName = 'envoy.filters.network.http_connection_manager';
const lua = 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua';

const onClusters = fc.record({
  applyTo: fc.constant('CLUSTER'),
  match: fc
    .record({
      portNumber: rarely(port),
      service: rarely(fc.constantFrom(...namespaces.map((where) => clusterHost('x', where)))),
      name: rarely(fc.constantFrom('PassthroughCluster', 'added')),
    })
    .map((cluster) => ({ cluster: written(cluster) })),
  patch: fc.oneof(
    fc.record({
      operation: merging,
      value: fc.constantFrom({ connect_timeout: '7s' }, { health_checks: [{ timeout: '1s', interval: '1s' }] }),
    }),
    fc.constant({ operation: 'ADD', value: { name: 'added', connect_timeout: '1s' } }),
    fc.constant(remove),
  ),
});

const onListeners = fc.record({
  applyTo: fc.constantFrom('LISTENER', 'FILTER_CHAIN'),
  match: fc
    .record({ portNumber: rarely(port), filterChain: rarely(fc.constant({ transportProtocol: 'raw_buffer' })) })
    .map((listener) => ({ listener: written(listener) })),
  patch: fc.oneof(
    fc.record({ operation: merging, value: fc.constant({ name: 'renamed' }) }),
    fc.constant({ operation: 'ADD', value: { name: 'added' } }),
    fc.constant(remove),
  ),
});

const onFilters = fc
  .record({
    applyTo: fc.constantFrom('HTTP_FILTER', 'NETWORK_FILTER'),
    portNumber: rarely(port),
    subFilter: fc.constantFrom('envoy.filters.http.router', 'envoy.filters.http.fault', 'mine'),
    operation: placing,
    name: fc.constantFrom('mine', 'other'),
  })
  .map(({ applyTo, portNumber, subFilter, operation, name }) => ({
    applyTo,
    match: {
      listener: written({
        portNumber,
        filterChain: {
          filter: written({
            name: managerName,
            subFilter: applyTo === 'HTTP_FILTER' ? { name: subFilter } : undefined,
          }),
        },
      }),
    },
    patch: { operation, value: { name, typed_config: { '@type': lua, inline_code: '' } } },
  }));

const onRoutes = fc.record({
  applyTo: fc.constantFrom('ROUTE_CONFIGURATION', 'VIRTUAL_HOST', 'HTTP_ROUTE'),
  match: fc
    .record({
      portNumber: rarely(port),
      name: rarely(fc.constantFrom('80', 'http.80')),
      vhost: rarely(
        fc
          .record({
            name: rarely(fc.constantFrom(...namespaces.map((where) => `${clusterHost('x', where)}:80`), 'allow_any')),
            route: rarely(fc.constantFrom({ name: 'default' }, { action: 'REDIRECT' })),
          })
          .map(written),
      ),
    })
    .map((routeConfiguration) => ({ routeConfiguration: written(routeConfiguration) })),
  patch: fc.oneof(
    fc.record({
      operation: merging,
      value: fc.constant({ response_headers_to_add: [{ header: { key: 'x', value: 'y' } }] }),
    }),
    fc.record({
      operation: placing,
      value: fc.constant({ name: 'added', domains: ['added.test'] }),
    }),
    fc.constant(remove),
  ),
});

const extensions = fc.record({
  applyTo: fc.constant('EXTENSION_CONFIG'),
  match: fc.constant({}),
  patch: fc.record({
    operation: fc.constant('ADD'),
    value: fc
      .tuple(fc.constantFrom('mine', 'other'), fc.constantFrom('', '-- code'))
      .map(([name, inline_code]) => ({ name, typed_config: { '@type': lua, inline_code } })),
  }),
});

/** A value of one kind where another is patched is an error, and such objects are filtered out. */
const patch = fc
  .tuple(fc.oneof(onClusters, onListeners, onFilters, onRoutes, extensions), context)
  .map(([{ match, ...rest }, where]) => ({ ...rest, match: written({ ...match, context: where }) }));

export const envoyFilter: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: fc.constantFrom('ef-1', 'ef-2'),
    createdAt,
    line,
    priority: rarely(fc.integer({ min: -1, max: 1 })),
    workloadSelector: rarely(selector.map((labels) => ({ labels }))),
    configPatches: some(patch, 3),
  })
  .map(({ namespace, name, createdAt, line, ...spec }) => ({
    namespace,
    name,
    createdAt,
    line,
    group: 'networking.istio.io',
    kind: 'EnvoyFilter',
    body: { spec: written(spec) },
  }));
