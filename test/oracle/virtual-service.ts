/** VirtualServices: HTTP routes with every match and action, TCP and TLS routes, roots and delegates. */
import fc from 'fast-check';
import type { Draft } from '../support/draft.ts';
import {
  createdAt,
  destinationHost,
  exportTo,
  line,
  namespace,
  partly,
  port,
  rarely,
  ruleHost,
  serviceName,
  some,
  version,
  workloadLabels,
  written,
} from './universe.ts';

const text = fc.constantFrom({ exact: '/a' }, { prefix: '/b' }, { prefix: '/' }, { regex: '/c.*' }, { regex: '.*' });
const word = fc.constantFrom({ exact: 'one' }, { prefix: 'o' }, { regex: 'o.e' });
const sourceLabels = fc.oneof(
  fc.record({ app: serviceName }),
  fc.record({ version }),
  workloadLabels.map(({ tier }) => ({ tier: tier ?? 'front' })),
);
const gatewayName = fc.constantFrom('mesh', 'gw-1', 'a/gw-1', 'b/gw-2', 'istio-system/gw-1');

const source = {
  port: fc.constantFrom(80, 8080, 90),
  sourceLabels,
  sourceNamespace: namespace,
  gateways: some(gatewayName, 2),
};

const httpMatch = partly({
  name: fc.constantFrom('m', 'n'),
  uri: text,
  scheme: fc.constant({ exact: 'http' }),
  method: fc.constantFrom({ exact: 'GET' }, { regex: 'P.*' }),
  authority: fc.constant({ prefix: 'x' }),
  headers: fc.dictionary(fc.constantFrom('one', 'two'), word, { maxKeys: 2 }),
  withoutHeaders: fc.dictionary(fc.constantFrom('three'), fc.oneof(word, fc.constant({})), { maxKeys: 1 }),
  queryParams: fc.dictionary(fc.constantFrom('q'), word, { maxKeys: 1 }),
  ignoreUriCase: fc.boolean(),
  statPrefix: fc.constant('stats'),
  ...source,
});

const destination = fc
  .record({
    host: destinationHost,
    subset: rarely(version),
    port: rarely(port.map((number) => ({ number }))),
  })
  .map(written);

const operations = fc.constantFrom(
  { request: { set: { one: '1' }, add: { two: '2' }, remove: ['three'] } },
  { response: { set: { four: '4' } } },
  { request: { set: { host: 'other.test' } } },
);

const weighted = fc
  .array(fc.record({ destination, headers: rarely(operations) }).map(written), { minLength: 1, maxLength: 3 })
  .map((all) => all.map((one, i) => (all.length === 1 ? one : { ...one, weight: [90, 10, 0][i] ?? 0 })));

const action = fc.oneof(
  { weight: 8, arbitrary: weighted.map((route) => ({ route })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        { uri: '/r', redirectCode: 302 },
        { authority: 'r.test', derivePort: 'FROM_REQUEST_PORT' },
        { prefixRewrite: '/p', scheme: 'https' },
      )
      .map((redirect) => ({ redirect })),
  },
  { weight: 1, arbitrary: fc.constant({ directResponse: { status: 418, body: { string: 'no' } } }) },
  {
    weight: 3,
    arbitrary: fc
      .record({ name: fc.constantFrom('vs-d', 'vs-e', 'vs-1'), namespace: rarely(namespace) })
      .map((delegate) => ({ delegate: written(delegate) })),
  },
);

/** What may stand beside a `route` or a `delegate`. */
const modifiers = partly({
  timeout: fc.constantFrom('1s', '0s'),
  retries: fc.constantFrom(
    { attempts: 0 },
    { attempts: 3, perTryTimeout: '1s', retryOn: '503,reset' },
    { attempts: 1, retryRemoteLocalities: true },
  ),
  fault: fc.constantFrom(
    { delay: { fixedDelay: '1s', percentage: { value: 10 } } },
    { abort: { httpStatus: 500, percentage: { value: 0.1 } } },
    { abort: { grpcStatus: 'UNAVAILABLE' } },
  ),
  mirror: destination,
  rewrite: fc.constantFrom(
    { uri: '/w' },
    { authority: 'w.test' },
    { uriRegexRewrite: { match: '^/(.)', rewrite: '/\\1' } },
  ),
  corsPolicy: fc.constantFrom({ allowOrigins: [{ exact: 'o' }], maxAge: '1s' }, { allowOrigin: ['*'] }),
});

const httpRoute = fc
  .record({
    name: rarely(fc.constantFrom('r1', 'r2')),
    match: rarely(some(httpMatch, 2)),
    action,
    modifiers: rarely(modifiers),
    headers: rarely(operations),
    mirrors: rarely(some(fc.record({ destination }), 2)),
  })
  .map(({ name, match, action, modifiers = {}, headers, mirrors }) => {
    const forwards = 'route' in action || 'delegate' in action;
    const added = mirrors !== undefined && modifiers.mirror === undefined ? { mirrors } : {};
    return written({ name, match, ...action, ...(forwards ? { ...modifiers, ...added, headers } : {}) });
  });

const l4Match = partly({
  ...source,
  port: port,
  destinationSubnets: some(fc.constantFrom('10.2.0.0/16', '10.2.3.0/24', '10.1.0.1'), 2),
});
const l4Route = fc
  .array(fc.record({ destination }), { minLength: 1, maxLength: 2 })
  .map((all) => (all.length === 1 ? all : all.map((one, i) => ({ ...one, weight: i === 0 ? 70 : 30 }))));
const tcpRoute = fc.record({ match: rarely(some(l4Match, 2)), route: l4Route }).map(written);

function tlsRoute(hosts: readonly string[]) {
  const sniHosts = fc.constantFrom(...hosts).map((host) => [host.startsWith('*.') ? `sub${host.slice(1)}` : host]);
  return fc.record({
    match: some(
      fc.tuple(sniHosts, l4Match).map(([sniHosts, match]) => ({ ...match, sniHosts })),
      2,
    ),
    route: l4Route,
  });
}

const head = { namespace, createdAt, line };

const rootSpec = some(ruleHost, 2).chain((hosts) =>
  fc
    .record({
      gateways: rarely(some(gatewayName, 2)),
      http: fc.array(httpRoute, { maxLength: 3 }),
      tcp: rarely(some(tcpRoute, 2)),
      tls: rarely(some(tlsRoute(hosts), 2)),
      exportTo,
    })
    .map((spec) => written({ hosts, ...spec })),
);

const everyHost = fc
  .record({
    gateways: some(fc.constantFrom('gw-1', 'a/gw-1', 'b/gw-2', 'istio-system/gw-1'), 2),
    http: some(httpRoute, 2),
  })
  .map((spec) => ({ hosts: ['*'], ...spec }));

const delegateSpec = fc
  .record({
    http: some(
      httpRoute.filter((route) => !('delegate' in route)),
      2,
    ),
    exportTo,
  })
  .map(written);

function virtualServices(names: readonly string[], spec: fc.Arbitrary<object>): fc.Arbitrary<Draft> {
  return fc.record({ ...head, name: fc.constantFrom(...names), spec }).map(({ spec, ...rest }) => ({
    ...rest,
    group: 'networking.istio.io',
    kind: 'VirtualService',
    body: { spec },
  }));
}

/** The names of roots and delegates overlap a little: what is a root may become a delegate. */
export const virtualService = fc.oneof(
  { weight: 8, arbitrary: virtualServices(['vs-1', 'vs-2', 'vs-3', 'vs-4'], rootSpec) },
  { weight: 1, arbitrary: virtualServices(['vs-1', 'vs-5'], everyHost) },
  { weight: 3, arbitrary: virtualServices(['vs-d', 'vs-e', 'vs-1'], delegateSpec) },
);
