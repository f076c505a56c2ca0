import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, landing } from './support/call.ts';
import { entryOf, object } from './support/cases.ts';
import { webGateway } from './support/fragments.ts';
import { client, ingress, intercepted, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';

/** What everybody else wrote, and must not notice. */
const others = [
  webGateway('*'),
  object(
    'VirtualService shop/details',
    `
  hosts: [details, details.example.com]
  gateways: [mesh, edge/web]
  http: [{ directResponse: { status: 418 } }]`,
  ),
];

const route = 'route: [{ destination: { host: ratings } }]';
const virtual = (http: string, hosts = '[ratings]') =>
  object('VirtualService shop/bad', `\n  hosts: ${hosts}\n  gateways: [mesh, edge/web]\n  http: [${http}]`);
const rule = (policy: string) => object('DestinationRule shop/bad', `\n  host: ratings\n  trafficPolicy: ${policy}`);
const entry = (spec: string, endpoint = '{ address: 127.0.0.1 }') =>
  object(
    'ServiceEntry shop/bad',
    `\n  resolution: STATIC\n  ports: [{ number: 80, name: http, protocol: HTTP }]\n  endpoints: [${endpoint}]\n${spec}`,
  );
const host = '  hosts: [bad.example.com]';
const slice = (addresses: string, port = 8080) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ratings-bad, namespace: shop, labels: { kubernetes.io/service-name: ratings } }
addressType: IPv4
ports: [{ name: http, port: ${port} }]
endpoints: [{ addresses: ${addresses}, conditions: { ready: true } }]`;
const gateway = (server: string) =>
  object('Gateway edge/bad', `\n  selector: { istio: ingressgateway }\n  servers: [${server}]`, '2024-05-01');

interface Case {
  readonly name: string;
  readonly objects?: readonly string[];
  readonly meshConfig?: string;
}

describeWithEnvoy('an object that an Envoy would refuse costs nobody else anything', (envoy) => {
  const shop = useShop(envoy, [client, ingress, intercepted]);

  function check(cases: readonly Case[]): void {
    for (const { name, objects = [], meshConfig = '{}' } of cases)
      test(name, async () => {
        const { mesh } = shop();
        mesh.plane.offerMeshConfig('{}');
        mesh.applyAtOnce(others.join('\n---\n'));
        await mesh.settle();
        mesh.plane.offerMeshConfig(meshConfig);
        mesh.applyAtOnce([...others, ...objects].join('\n---\n'));
        assert.deepEqual(await mesh.answered(), []);
        const answers = [
          await call(entryOf(shop(), 'client'), { url: 'http://details/' }),
          await call(entryOf(shop(), 'ingress'), { url: 'http://details.example.com/' }),
        ];
        assert.deepEqual(answers.map(landing), ['418', '418']);
      });
  }

  check([
    {
      name: 'a path by an expression that is none',
      objects: [virtual(`{ match: [{ uri: { regex: "(" } }], ${route} }`)],
    },
    {
      name: 'a path by an expression with look-ahead',
      objects: [virtual(`{ match: [{ uri: { regex: "a(?=b)" } }], ${route} }`)],
    },
    {
      name: 'a header by an expression that is none',
      objects: [virtual(`{ match: [{ headers: { x-a: { regex: "[" } } }], ${route} }`)],
    },
    {
      name: 'an expression of a size beyond all bounds',
      objects: [virtual(`{ match: [{ uri: { regex: "((a{100}){100}){100}" } }], ${route} }`)],
    },
    {
      name: 'a rewrite by an expression that is none',
      objects: [virtual(`{ rewrite: { uriRegexRewrite: { match: "(", rewrite: / } }, ${route} }`)],
    },
    {
      name: 'a rewrite with a group that is not there',
      objects: [virtual(`{ rewrite: { uriRegexRewrite: { match: "a", rewrite: "\\\\1" } }, ${route} }`)],
    },
    {
      name: 'a header with a blank in its name',
      objects: [virtual(`{ headers: { request: { set: { "x a": b } } }, ${route} }`)],
    },
    { name: 'a header without a name', objects: [virtual(`{ headers: { request: { set: { "": b } } }, ${route} }`)] },
    {
      name: 'a header with a lonely percent sign',
      objects: [virtual(`{ headers: { response: { set: { x-a: "100%" } } }, ${route} }`)],
    },
    {
      name: 'a header with a command that does not exist',
      objects: [virtual(`{ headers: { response: { add: { x-a: "%NOSUCH%" } } }, ${route} }`)],
    },
    {
      name: 'a header with a line break',
      objects: [virtual(`{ headers: { request: { add: { x-a: "a\\nb" } } }, ${route} }`)],
    },
    {
      name: 'a header that must not be removed',
      objects: [virtual(`{ headers: { request: { remove: [":path", host] } }, ${route} }`)],
    },
    {
      name: 'weights beyond 32 bits',
      objects: [
        virtual(
          `{ route: [{ destination: { host: ratings }, weight: 2147483647 }, { destination: { host: reviews }, weight: 2147483647 }, { destination: { host: ratings }, weight: 2147483647 }] }`,
        ),
      ],
    },
    { name: 'a timeout below zero', objects: [virtual(`{ timeout: -1s, ${route} }`)] },
    { name: 'a direct response of a status that is none', objects: [virtual('{ directResponse: { status: 600 } }')] },
    { name: 'a direct response of status 99', objects: [virtual('{ directResponse: { status: 99 } }')] },
    {
      name: 'an abort of a status that is none',
      objects: [virtual(`{ fault: { abort: { httpStatus: 700, percentage: { value: 100 } } }, ${route} }`)],
    },
    {
      name: 'an abort of status 600',
      objects: [virtual(`{ fault: { abort: { httpStatus: 600, percentage: { value: 100 } } }, ${route} }`)],
    },
    {
      name: 'a delay of nothing',
      objects: [virtual(`{ fault: { delay: { fixedDelay: 0s, percentage: { value: 100 } } }, ${route} }`)],
    },
    {
      name: 'a percentage beyond a hundred',
      objects: [virtual(`{ fault: { abort: { httpStatus: 500, percentage: { value: 150 } } }, ${route} }`)],
    },
    { name: 'a redirect with a line break', objects: [virtual('{ redirect: { uri: "/a\\nb" } }')] },
    {
      name: 'a redirect with a code that no proxy sends',
      objects: [virtual('{ redirect: { uri: /a, redirectCode: 304 } }')],
    },
    { name: 'a redirect with a code that is none', objects: [virtual('{ redirect: { uri: /a, redirectCode: 200 } }')] },
    {
      name: 'a rewrite with a line break',
      objects: [virtual(`{ match: [{ uri: { prefix: /a } }], rewrite: { uri: "/a\\nb" }, ${route} }`)],
    },
    {
      name: 'an origin by an expression that is none',
      objects: [virtual(`{ corsPolicy: { allowOrigins: [{ regex: "(" }] }, ${route} }`)],
    },
    {
      name: 'a retry on what does not exist',
      objects: [virtual(`{ retries: { attempts: 1, retryOn: "nonsense,999" }, ${route} }`)],
    },
    { name: 'a backoff of nothing', objects: [virtual(`{ retries: { attempts: 1, backoff: 0s }, ${route} }`)] },
    {
      name: 'one host under all its names',
      objects: [virtual(`{ ${route} }`, '[ratings, ratings.shop.svc.cluster.local, RATINGS]')],
    },
    { name: 'a host that is no name', objects: [virtual(`{ ${route} }`, '["a b", "-", "a..b"]')] },
    { name: 'a wildcard in the middle of a host', objects: [virtual(`{ ${route} }`, '["a.*.example.com"]')] },
    { name: 'a host of everything but a dot', objects: [virtual(`{ ${route} }`, '["*.", "*a.example.com"]')] },
    {
      name: 'an endpoint that is a name where an address is due',
      objects: [entry(host, '{ address: a.example.com }')],
    },
    { name: 'an endpoint that is nothing', objects: [entry(host, '{ address: "999.1.1.1" }')] },
    {
      name: 'an endpoint on a socket with a path too long',
      objects: [entry(host, `{ address: "unix:///${'a'.repeat(200)}" }`)],
    },
    { name: 'an endpoint at port 0', objects: [entry(host, '{ address: 127.0.0.1, ports: { http: 0 } }')] },
    {
      name: 'an endpoint with a weight beyond all bounds',
      objects: [entry(host, '{ address: 127.0.0.1, weight: 4294967295 }, { address: 127.0.0.2, weight: 4294967295 }')],
    },
    { name: 'an address of a host that is none', objects: [entry(`${host}\n  addresses: ["10.0.0.300"]`)] },
    { name: 'a block of addresses that is none', objects: [entry(`${host}\n  addresses: ["10.0.0.0/99"]`)] },
    { name: 'the same host twice, in other letters', objects: [entry('  hosts: [bad.example.com, BAD.example.com]')] },
    { name: 'a host of a hundred labels', objects: [entry(`  hosts: [${'a.'.repeat(126)}com]`)] },
    { name: 'an EndpointSlice with an address that is none', objects: [slice('[not-an-ip]')] },
    { name: 'an EndpointSlice with an address of another family', objects: [slice('["fd00::1"]')] },
    { name: 'an EndpointSlice with port 0', objects: [slice('[127.0.0.1]', 0)] },
    {
      name: 'a WorkloadEntry with a name where an address is due',
      objects: [object('WorkloadEntry shop/bad', 'address: "a b"\nlabels: { app: ratings }')],
    },
    { name: 'a connect timeout of nothing', objects: [rule('{ connectionPool: { tcp: { connectTimeout: 0s } } }')] },
    {
      name: 'a limit below zero',
      objects: [
        rule(
          '{ connectionPool: { tcp: { maxConnections: -1 }, http: { http1MaxPendingRequests: -5, maxRequestsPerConnection: -1, maxRetries: -1 } } }',
        ),
      ],
    },
    {
      name: 'an outlier detection that never sleeps',
      objects: [rule('{ outlierDetection: { interval: 0s, baseEjectionTime: 0s, maxEjectionPercent: 200 } }')],
    },
    {
      name: 'a ring beyond all bounds',
      objects: [
        rule('{ loadBalancer: { consistentHash: { httpHeaderName: x-a, ringHash: { minimumRingSize: 99999999 } } } }'),
      ],
    },
    {
      name: 'a table whose size is no prime',
      objects: [rule('{ loadBalancer: { consistentHash: { httpHeaderName: x-a, maglev: { tableSize: 100 } } } }')],
    },
    {
      name: 'a hash of a header without a name',
      objects: [rule('{ loadBalancer: { consistentHash: { httpHeaderName: "" } } }')],
    },
    {
      name: 'a cookie without a name',
      objects: [rule('{ loadBalancer: { consistentHash: { httpCookie: { name: "", ttl: 1s } } } }')],
    },
    {
      name: 'a warm-up of nothing',
      objects: [
        rule('{ loadBalancer: { simple: ROUND_ROBIN, warmup: { duration: 0s, aggression: 0, minimumPercent: 200 } } }'),
      ],
    },
    {
      name: 'no streams at all',
      objects: [rule('{ connectionPool: { http: { h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 0 } } }')],
    },
    {
      name: 'an idle timeout below zero',
      objects: [rule('{ connectionPool: { http: { idleTimeout: -1s }, tcp: { idleTimeout: -1s } } }')],
    },
    {
      name: 'certificates that are not there',
      objects: [rule('{ tls: { mode: MUTUAL, clientCertificate: /no/c, privateKey: /no/k, caCertificates: /no/a } }')],
    },
    {
      name: 'a server name beyond all bounds',
      objects: [rule(`{ tls: { mode: SIMPLE, insecureSkipVerify: true, sni: ${'a'.repeat(300)} } }`)],
    },
    {
      name: 'a subset with a bar in its name',
      objects: [
        object(
          'DestinationRule shop/bad',
          '  host: ratings\n  subsets: [{ name: "a|b", labels: { a: b } }, { name: "", labels: {} }]',
        ),
      ],
    },
    {
      name: 'a server at port 0',
      objects: [gateway('{ port: { number: 0, name: http, protocol: HTTP }, hosts: ["*"] }')],
    },
    {
      name: 'a server at an address that is none',
      objects: [gateway('{ port: { number: 8445, name: http, protocol: HTTP }, bind: nowhere, hosts: ["*"] }')],
    },
    {
      name: 'HTTPS on the port that others have for HTTP',
      objects: [
        gateway(
          '{ port: { number: 80, name: https, protocol: HTTPS }, tls: { mode: SIMPLE, credentialName: none }, hosts: ["*"] }',
        ),
      ],
    },
    {
      name: 'two servers of TLS for one host',
      objects: [
        gateway(
          ['a', 'b']
            .map(
              (name) =>
                `{ port: { number: 8445, name: ${name}, protocol: HTTPS }, tls: { mode: SIMPLE, credentialName: ${name} }, hosts: ["a.example.com"] }`,
            )
            .join(', '),
        ),
      ],
    },
    {
      name: 'a server of TLS for a host that is no name',
      objects: [
        gateway(
          '{ port: { number: 8445, name: a, protocol: HTTPS }, tls: { mode: SIMPLE, credentialName: a }, hosts: ["a.*.b", "*b"] }',
        ),
      ],
    },
    {
      name: 'ciphers that do not exist',
      objects: [
        gateway(
          '{ port: { number: 8445, name: a, protocol: HTTPS }, tls: { mode: SIMPLE, credentialName: a, cipherSuites: [NONSENSE] }, hosts: ["a.example.com"] }',
        ),
      ],
    },
    {
      name: 'a Sidecar that listens nowhere',
      objects: [
        object(
          'Sidecar shop/default',
          'ingress: [{ port: { number: 7000, name: http, protocol: HTTP }, bind: nowhere, defaultEndpoint: "a:b" }]',
        ),
      ],
    },
    {
      name: 'a Sidecar that listens where it cannot',
      objects: [
        object(
          'Sidecar shop/default',
          'egress: [{ port: { number: 7000, name: http, protocol: HTTP }, bind: 203.0.113.9, captureMode: NONE, hosts: ["*/*"] }, { hosts: ["*/*"] }]',
        ),
      ],
    },
    {
      name: 'a patch of what does not exist',
      objects: [
        object(
          'EnvoyFilter shop/bad',
          'configPatches: [{ applyTo: CLUSTER, match: { context: ANY }, patch: { operation: MERGE, value: { no_such_field: 1 } } }]',
        ),
      ],
    },
    {
      name: 'an access log in a format that is none',
      meshConfig: 'accessLogFile: /dev/null\naccessLogFormat: "%NOSUCH( %"',
    },
    {
      name: 'an access log in JSON with a command that does not exist',
      meshConfig: `accessLogFile: /dev/null\naccessLogEncoding: JSON\naccessLogFormat: '{"a": {"b": "%NOSUCH%"}}'`,
    },
    { name: 'a mesh without time to connect', meshConfig: 'connectTimeout: 0s' },
  ]);
});
