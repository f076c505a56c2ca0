/** EnvoyFilters as people write them, on real Envoys: what they change must be accepted, and must do what it says. */
import { checkSituations, object } from './support/cases.ts';
import { client, ingress, intercepted, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

const http = 'type.googleapis.com/envoy.extensions.filters.http';
const managerName = 'envoy.filters.network.http_connection_manager';
const managerType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const reviews = ['reviews-v1', 'reviews-v2', 'reviews-v3'];

const gateway = object(
  'Gateway edge/web',
  `
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*.example.com"] }]`,
);

const web = object(
  'VirtualService shop/web',
  `
  hosts: [shop.example.com]
  gateways: [edge/web]
  http: [{ name: all, route: [{ destination: { host: reviews } }] }]`,
);

/** A patch that puts an HTTP filter before the router. */
const beforeRouter = (context: string, value: string) => `
  - applyTo: HTTP_FILTER
    match:
      context: ${context}
      listener:
        filterChain: { filter: { name: ${managerName}, subFilter: { name: envoy.filters.http.router } } }
    patch:
      operation: INSERT_BEFORE
      value: ${value}`;

const lua = (name: string, header: string) => `
        name: ${name}
        typed_config:
          "@type": ${http}.lua.v3.Lua
          default_source_code:
            inline_string: |
              function envoy_on_response(handle)
                handle:headers():add("${header}", "yes")
              end`;

const limit = (tokens: number) => `
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": ${http}.local_ratelimit.v3.LocalRateLimit
          stat_prefix: limit
          token_bucket: { max_tokens: ${tokens}, tokens_per_fill: ${tokens}, fill_interval: 3600s }
          filter_enabled: { default_value: { numerator: 100, denominator: HUNDRED } }
          filter_enforced: { default_value: { numerator: 100, denominator: HUNDRED } }`;

const filter = (name: string, ...patches: readonly string[]) =>
  object(`EnvoyFilter ${name}`, `configPatches:${patches.map((patch) => `\n${patch}`).join('')}`);

describeWithEnvoy('an EnvoyFilter', (envoy) => {
  const shop = useShop(envoy, [client, ingress, intercepted]);

  checkSituations(shop, [
    {
      name: 'puts a script in the way of what a sidecar sends, and of nobody else’s',
      objects: [gateway, web, filter('shop/lua', beforeRouter('SIDECAR_OUTBOUND', lua('script', 'x-script')))],
      calls: [
        { url: 'http://reviews:9080/', lands: reviews, look: ({ headers }) => headers['x-script'], sees: 'yes' },
        {
          from: 'ingress',
          url: 'http://shop.example.com/',
          lands: reviews,
          look: ({ headers }) => headers['x-script'],
        },
      ],
    },
    {
      name: 'has filters in order of priority, then of the root namespace',
      objects: [
        `${filter('istio-system/late', beforeRouter('SIDECAR_OUTBOUND', lua('late', 'x-order-late')))}\n  priority: 10\n`,
        filter('istio-system/root', beforeRouter('SIDECAR_OUTBOUND', lua('root', 'x-order-root'))),
        filter('shop/own', beforeRouter('SIDECAR_OUTBOUND', lua('own', 'x-order-own'))),
      ],
      calls: [
        {
          url: 'http://reviews:9080/',
          lands: reviews,
          // Responses meet filters in the opposite order.
          look: ({ headers }) => Object.keys(headers).filter((name) => name.startsWith('x-order')),
          sees: ['x-order-late', 'x-order-own', 'x-order-root'],
        },
      ],
    },
    {
      name: 'limits the rate of requests at a gateway',
      objects: [gateway, web, filter('edge/limit', beforeRouter('GATEWAY', limit(2)))],
      calls: [
        { from: 'ingress', url: 'http://shop.example.com/', lands: reviews },
        { from: 'ingress', url: 'http://shop.example.com/', lands: reviews },
        { from: 'ingress', url: 'http://shop.example.com/', lands: '429 local_rate_limited' },
      ],
    },
    {
      name: 'limits the rate of what a workload receives',
      objects: [filter('shop/limit', beforeRouter('SIDECAR_INBOUND', limit(2)))],
      calls: [{ url: 'http://reviews:9080/', lands: reviews }],
    },
    {
      name: 'lets a gateway believe a proxy in front of it',
      objects: [
        gateway,
        web,
        filter(
          'edge/hops',
          `
  - applyTo: NETWORK_FILTER
    match: { context: GATEWAY, listener: { portNumber: 8080, filterChain: { filter: { name: ${managerName} } } } }
    patch:
      operation: MERGE
      value: { typed_config: { "@type": ${managerType}, xff_num_trusted_hops: 1 } }`,
        ),
      ],
      calls: [
        {
          from: 'ingress',
          url: 'http://shop.example.com/',
          headers: { 'x-forwarded-for': '203.0.113.9' },
          lands: reviews,
          look: ({ seen }) => seen?.headers['x-envoy-external-address'],
          sees: '203.0.113.9',
        },
      ],
    },
    {
      name: 'adds a cluster and leads a route to it',
      objects: ({ app }) => [
        filter(
          'shop/legacy',
          `
  - applyTo: CLUSTER
    patch:
      operation: ADD
      value:
        name: legacy
        type: STATIC
        connect_timeout: 1s
        load_assignment:
          cluster_name: legacy
          endpoints:
            - lb_endpoints:
                - endpoint:
                    address: { socket_address: { address: ${app('legacy').address}, port_value: ${app('legacy').port} } }`,
          `
  - applyTo: HTTP_ROUTE
    match:
      context: SIDECAR_OUTBOUND
      routeConfiguration: { vhost: { name: "reviews.shop.svc.cluster.local:9080" } }
    patch:
      operation: INSERT_FIRST
      value: { name: legacy, match: { prefix: /old }, route: { cluster: legacy } }`,
        ),
      ],
      calls: [
        { url: 'http://reviews:9080/old/page', lands: 'legacy' },
        { url: 'http://reviews:9080/new', lands: reviews },
        { url: 'http://ratings:9080/old/page', lands: 'ratings' },
      ],
    },
    {
      name: 'removes a filter, so that its faults are gone',
      objects: [
        object(
          'VirtualService shop/reviews',
          `
          hosts: [reviews]
          http: [{ fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }, route: [{ destination: { host: reviews } }] }]`,
        ),
        filter(
          'shop/faultless',
          `
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_OUTBOUND
      listener: { filterChain: { filter: { name: ${managerName}, subFilter: { name: envoy.filters.http.fault } } } }
    patch: { operation: REMOVE }`,
        ),
      ],
      calls: [{ url: 'http://reviews:9080/', lands: reviews }],
    },
    {
      name: 'adds a header to all responses of a host',
      objects: [
        filter(
          'shop/headers',
          `
  - applyTo: VIRTUAL_HOST
    match:
      context: SIDECAR_OUTBOUND
      routeConfiguration: { vhost: { name: "reviews.shop.svc.cluster.local:9080" } }
    patch:
      operation: MERGE
      value: { response_headers_to_add: [{ header: { key: x-host, value: reviews } }] }`,
        ),
      ],
      calls: [
        { url: 'http://reviews:9080/', lands: reviews, look: ({ headers }) => headers['x-host'], sees: 'reviews' },
        { url: 'http://ratings:9080/', lands: 'ratings', look: ({ headers }) => headers['x-host'] },
      ],
    },
    {
      name: 'sets options of sockets, timeouts, protocols and logs where it likes',
      objects: [
        gateway,
        web,
        filter(
          'istio-system/limits',
          `
  - applyTo: LISTENER
    match: { context: GATEWAY }
    patch:
      operation: MERGE
      value:
        per_connection_buffer_limit_bytes: 32768
        socket_options:
          - { level: 1, name: 9, int_value: 1, state: STATE_PREBIND, description: keepalive }`,
          `
  - applyTo: NETWORK_FILTER
    match: { context: ANY, listener: { filterChain: { filter: { name: ${managerName} } } } }
    patch:
      operation: MERGE
      value:
        typed_config:
          "@type": ${managerType}
          common_http_protocol_options: { idle_timeout: 75s, max_requests_per_connection: 1000 }
          request_timeout: 30s
          access_log:
            - name: envoy.access_loggers.file
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
                path: /dev/null
                log_format: { text_format_source: { inline_string: "%REQ(:PATH)%\\n" } }`,
          `
  - applyTo: CLUSTER
    match: { context: SIDECAR_OUTBOUND, cluster: { service: reviews.shop.svc.cluster.local } }
    patch:
      operation: MERGE
      value:
        upstream_connection_options: { tcp_keepalive: { keepalive_time: 60, keepalive_interval: 10 } }
        typed_extension_protocol_options:
          envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
            "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
            common_http_protocol_options: { idle_timeout: 10s }
            explicit_http_config: { http_protocol_options: {} }`,
        ),
      ],
      calls: [
        { url: 'http://reviews:9080/', lands: reviews },
        { from: 'ingress', url: 'http://shop.example.com/', lands: reviews },
      ],
    },
    {
      name: 'gives filters configurations that are asked for by name',
      objects: [
        filter(
          'shop/discovered',
          `
  - applyTo: EXTENSION_CONFIG
    patch:
      operation: ADD
      value: ${lua('discovered', 'x-discovered')}`,
          beforeRouter(
            'SIDECAR_OUTBOUND',
            `
        name: discovered
        config_discovery:
          config_source: { ads: {}, resource_api_version: V3, initial_fetch_timeout: 0s }
          type_urls: ["${http}.lua.v3.Lua"]`,
          ),
        ),
      ],
      calls: [
        { url: 'http://reviews:9080/', lands: reviews, look: ({ headers }) => headers['x-discovered'], sees: 'yes' },
      ],
    },
    {
      name: 'that is gone leaves nothing behind',
      objects: [gateway, web],
      calls: [
        { url: 'http://reviews:9080/old/page', lands: reviews, look: ({ headers }) => headers['x-discovered'] },
        { from: 'ingress', url: 'http://shop.example.com/', lands: reviews },
      ],
    },
  ]);
});
