/** Gateways and Sidecars. */
import fc from 'fast-check';
import type { Draft } from '../support/draft.ts';
import { connectionPool } from './destination-rule.ts';
import {
  createdAt,
  destinationHost,
  line,
  namespace,
  namespaces,
  outsideHost,
  port,
  rarely,
  ruleHost,
  selector,
  some,
  written,
} from './universe.ts';

const group = 'networking.istio.io';

const serverHost = fc
  .record({
    scope: fc.constantFrom('', '', '*/', './', 'a/', 'b/'),
    host: fc.oneof(ruleHost, outsideHost, fc.constant('*')),
  })
  .map(({ scope, host }) => `${scope}${host}`);

const speaks = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom({ protocol: 'HTTP' }, { protocol: 'HTTP', tls: { httpsRedirect: true } }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      { protocol: 'HTTPS', tls: { mode: 'SIMPLE', credentialName: 'one' } },
      { protocol: 'HTTPS', tls: { mode: 'MUTUAL', credentialName: 'one' } },
      { protocol: 'HTTPS', tls: { mode: 'OPTIONAL_MUTUAL', credentialNames: ['missing', 'one'] } },
      { protocol: 'HTTPS', tls: { mode: 'ISTIO_MUTUAL' } },
      { protocol: 'HTTPS', tls: { mode: 'SIMPLE', serverCertificate: '/c', privateKey: '/k' } },
      { protocol: 'HTTPS', tls: { mode: 'PASSTHROUGH' } },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      { protocol: 'TCP' },
      { protocol: 'MONGO' },
      { protocol: 'TLS', tls: { mode: 'SIMPLE', credentialName: 'missing' } },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { protocol: 'TLS', tls: { mode: 'PASSTHROUGH' } },
      { protocol: 'TLS', tls: { mode: 'AUTO_PASSTHROUGH' } },
    ),
  },
);

const servers = fc.uniqueArray(
  fc
    .record({
      number: fc.constantFrom(80, 8080, 443),
      name: fc.constantFrom('one', 'two', 'three'),
      speaks,
      hosts: some(serverHost, 2),
      bind: rarely(fc.constant('10.9.9.9')),
    })
    .map(({ number, name, speaks: { protocol, ...tls }, hosts, bind }) =>
      written({ port: { number, name, protocol }, hosts, bind, ...tls }),
    ),
  { minLength: 1, maxLength: 2, selector: ({ port }) => port.name },
);

export const gateway: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: fc.constantFrom('gw-1', 'gw-2'),
    createdAt,
    line,
    servers,
    selector: fc.oneof(fc.constant({ istio: 'ingress' }), fc.constant(undefined), selector),
  })
  .map(({ servers, selector, ...head }) => ({
    ...head,
    group,
    kind: 'Gateway',
    body: { spec: written({ servers, selector }) },
  }));

const egressHost = fc
  .record({
    where: fc.constantFrom('*', '.', ...namespaces, '~'),
    host: fc.oneof(
      fc.constant('*'),
      fc.constant('*'),
      ruleHost.filter((host) => host.includes('.')),
    ),
    excludes: fc.constantFrom('', '', '', '~'),
  })
  .map(({ where, host, excludes }) => (where === '~' ? '~/*' : `${excludes}${where}/${host}`));

const catchAll = fc.record({ hosts: some(egressHost, 2) });

const egress = fc
  .record({
    specific: fc.uniqueArray(
      fc
        .record({
          port: fc
            .tuple(port, fc.constantFrom('HTTP', 'TCP', ''))
            .map(([number, protocol]) => ({ number, protocol, name: `e-${number}` })),
          hosts: some(egressHost, 2),
          bind: rarely(fc.constantFrom('127.0.0.1', '10.3.3.3')),
          captureMode: rarely(fc.constantFrom('IPTABLES', 'NONE')),
        })
        .map(written),
      { maxLength: 2, selector: ({ port }) => port.number },
    ),
    rest: fc.option(catchAll, { nil: undefined }),
  })
  .map(({ specific, rest }) => [...specific, ...(rest === undefined ? [] : [rest])]);

const ingress = some(
  fc
    .record({
      port: fc.constantFrom(9000, 9001).map((number) => ({ number, protocol: 'HTTP', name: 'in' })),
      defaultEndpoint: fc.constantFrom('127.0.0.1:9999', 'unix:///sock'),
      connectionPool: rarely(connectionPool),
    })
    .map(written),
  1,
);

const outboundTrafficPolicy = fc.oneof(
  fc.constantFrom({ mode: 'REGISTRY_ONLY' }, { mode: 'ALLOW_ANY' }),
  destinationHost.map((host) => ({ mode: 'ALLOW_ANY', egressProxy: { host, port: { number: 90 } } })),
);

export const sidecar: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: fc.constantFrom('sc-1', 'sc-2'),
    createdAt,
    line,
    workloadSelector: rarely(selector.map((labels) => ({ labels }))),
    egress,
    ingress: rarely(ingress),
    outboundTrafficPolicy: rarely(outboundTrafficPolicy),
    inboundConnectionPool: rarely(connectionPool),
  })
  .map(({ namespace, name, createdAt, line, ...spec }) => ({
    namespace,
    name,
    createdAt,
    line,
    group,
    kind: 'Sidecar',
    body: { spec: written({ ...spec, egress: spec.egress.length === 0 ? undefined : spec.egress }) },
  }));
