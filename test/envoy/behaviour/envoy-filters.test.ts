import { checkSituations, object, type Situation } from '../support/cases.ts';
import { webGateway } from '../support/fragments.ts';
import { client, ingress, intercepted, useShop, visitor } from '../support/shop.ts';
import { describeWithEnvoy } from '../support/suite.ts';

const patch = (name: string, patches: string, more = '') =>
  object(`EnvoyFilter ${name}`, `\n  ${more}\n  configPatches:\n${patches}`);

/** A filter that writes a header of the answer. */
const lua = (value: string) => `
          name: envoy.filters.http.lua
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
            default_source_code:
              inline_string: |
                function envoy_on_response(handle)
                  local before = handle:headers():get("x-lua")
                  handle:headers():replace("x-lua", (before and before .. " " or "") .. "${value}")
                end`;

const outbound = (value: string, operation = 'INSERT_BEFORE') => `
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_OUTBOUND
        listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager, subFilter: { name: envoy.filters.http.router } } } }
      patch:
        operation: ${operation}
        value:${lua(value)}`;

const url = 'http://ratings.shop:9080/';
const said = { look: ({ headers }: { readonly headers: { readonly [name: string]: unknown } }) => headers['x-lua'] };

describeWithEnvoy('what an EnvoyFilter changes', (envoy) => {
  const shop = useShop(envoy, [client, visitor, ingress, intercepted]);
  const check = (situations: readonly Situation[]) => checkSituations(shop, situations);

  check([
    {
      name: 'filters of its own namespace’s proxies',
      objects: [patch('shop/lua', outbound('shop'))],
      calls: [
        { url, lands: 'ratings', ...said, sees: 'shop' },
        { from: 'visitor', url, lands: 'ratings', ...said, sees: undefined },
      ],
    },
    {
      name: 'filters of every proxy, from the root namespace',
      objects: [patch('istio-system/lua', outbound('all'))],
      calls: [
        { url, lands: 'ratings', ...said, sees: 'all' },
        { from: 'visitor', url, lands: 'ratings', ...said, sees: 'all' },
      ],
    },
    {
      name: 'filters of the workloads that it selects',
      objects: [patch('shop/lua', outbound('other'), 'workloadSelector: { labels: { app: other } }')],
      calls: [{ url, lands: 'ratings', ...said, sees: undefined }],
    },
    {
      name: 'filters in the order of priorities, whatever their names',
      objects: [
        patch('shop/a', outbound('second').replace('envoy.filters.http.lua', 'a.lua'), 'priority: 5'),
        patch('shop/b', outbound('first').replace('envoy.filters.http.lua', 'b.lua'), 'priority: -5'),
      ],
      // Answers pass the filters in the opposite order.
      calls: [{ url, lands: 'ratings', ...said, sees: 'second first' }],
    },
    {
      name: 'gateways, by their context',
      objects: [
        webGateway('*'),
        object(
          'VirtualService shop/web',
          `
  hosts: ["*"]
  gateways: [edge/web]
  http: [{ route: [{ destination: { host: ratings } }] }]`,
        ),
        patch(
          'edge/lua',
          `
    - applyTo: HTTP_FILTER
      match: { context: GATEWAY }
      patch:
        operation: INSERT_FIRST
        value:${lua('edge')}`,
        ),
      ],
      calls: [
        { from: 'ingress', url: 'http://a.example.com/', lands: 'ratings', ...said, sees: 'edge' },
        { url, lands: 'ratings', ...said, sees: undefined },
      ],
    },
    {
      name: 'filters away: without the one for faults there are none',
      objects: [
        object(
          'VirtualService shop/ratings',
          `
  hosts: [ratings]
  http:
    - fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
      route: [{ destination: { host: ratings } }]`,
        ),
        patch(
          'shop/no-faults',
          `
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_OUTBOUND
        listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager, subFilter: { name: envoy.filters.http.fault } } } }
      patch: { operation: REMOVE }`,
        ),
      ],
      calls: [
        { url, lands: 'ratings' },
        { from: 'visitor', url, lands: '418 fault filter abort' },
      ],
    },
    {
      name: 'one route, by its name',
      objects: [
        object(
          'VirtualService shop/ratings',
          `
  hosts: [ratings]
  http:
    - name: patched
      match: [{ uri: { exact: /patched } }]
      route: [{ destination: { host: ratings } }]
    - route: [{ destination: { host: ratings } }]`,
        ),
        patch(
          'shop/route',
          `
    - applyTo: HTTP_ROUTE
      match: { context: SIDECAR_OUTBOUND, routeConfiguration: { vhost: { route: { name: patched } } } }
      patch:
        operation: MERGE
        value: { response_headers_to_add: [{ header: { key: x-lua, value: route } }] }`,
        ),
      ],
      calls: [
        { url: `${url}patched`, lands: 'ratings', ...said, sees: 'route' },
        { url, lands: 'ratings', ...said, sees: undefined },
      ],
    },
    {
      name: 'one virtual host, by its name',
      objects: [
        patch(
          'shop/host',
          `
    - applyTo: VIRTUAL_HOST
      match: { context: SIDECAR_OUTBOUND, routeConfiguration: { vhost: { name: "ratings.shop.svc.cluster.local:9080" } } }
      patch:
        operation: MERGE
        value: { response_headers_to_add: [{ header: { key: x-lua, value: host } }] }`,
        ),
      ],
      calls: [
        { url, lands: 'ratings', ...said, sees: 'host' },
        { url: 'http://details/', lands: 'details', ...said, sees: undefined },
      ],
    },
    {
      name: 'one cluster, by its service: nothing is let through any more',
      objects: [
        patch(
          'shop/cluster',
          `
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND, cluster: { service: ratings.shop.svc.cluster.local } }
      patch:
        operation: MERGE_AND_REPLACE_LIST
        value: { circuit_breakers: { thresholds: [{ max_requests: 0 }] } }`,
        ),
      ],
      calls: [
        { url, lands: '503 upstream connect error or disconnect/reset before headers. reset reason: overflow' },
        { url: 'http://details/', lands: 'details' },
        { from: 'visitor', url, lands: 'ratings' },
      ],
    },
    {
      name: 'a cluster that was not there, which a rule can then send to',
      objects: (shop) => [
        patch(
          'shop/extra',
          `
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND }
      patch:
        operation: ADD
        value:
          name: "outbound|9080||extra.example.com"
          type: STATIC
          connect_timeout: 1s
          load_assignment:
            cluster_name: extra
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: ${shop.app('legacy').address}, port_value: 8080 } } } }] }]`,
        ),
        object(
          'VirtualService shop/ratings',
          `
  hosts: [ratings]
  http: [{ route: [{ destination: { host: extra.example.com } }] }]`,
        ),
      ],
      calls: [{ url, lands: 'legacy' }],
    },
    {
      name: 'nothing that others see, when it does not match anything',
      objects: [
        patch(
          'shop/nothing',
          `
    - applyTo: CLUSTER
      match: { context: SIDECAR_OUTBOUND, cluster: { service: nowhere.example.com } }
      patch: { operation: REMOVE }`,
        ),
      ],
      calls: [{ url, lands: 'ratings' }],
    },
  ]);
});
