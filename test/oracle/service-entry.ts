/** ServiceEntries of every resolution, and WorkloadEntries. */
import fc from 'fast-check';
import type { Draft } from '../support/draft.ts';
import {
  address,
  clusterHost,
  createdAt,
  exportTo,
  line,
  locality,
  namespace,
  outsideHost,
  outsideWildcard,
  port,
  rarely,
  selector,
  serviceName,
  some,
  virtualAddress,
  workloadLabels,
  written,
} from './universe.ts';

const group = 'networking.istio.io';

const entryPorts = fc.uniqueArray(
  fc
    .record({
      number: port,
      protocol: fc.constantFrom('HTTP', 'HTTP', 'TCP', 'TLS', 'HTTPS', 'GRPC', ''),
      targetPort: fc.constantFrom(undefined, 9000),
    })
    .map(({ number, protocol, targetPort }) =>
      written({ number, name: `${(protocol || 'p').toLowerCase()}-${number}`, protocol, targetPort }),
    ),
  { minLength: 1, maxLength: 2, selector: ({ number }) => number },
);

/** An entry may claim a host that Kubernetes owns. */
const entryHost = fc.oneof(
  { weight: 4, arbitrary: outsideHost },
  { weight: 1, arbitrary: fc.tuple(serviceName, namespace).map(([name, where]) => clusterHost(name, where)) },
);

const endpoint = fc
  .record({ address, labels: rarely(workloadLabels), locality: rarely(locality), weight: rarely(fc.constant(3)) })
  .map(written);

const dnsEndpoint = fc.record({ address: fc.constantFrom('one.dns.test', 'two.dns.test') });
const addresses = rarely(some(fc.oneof(virtualAddress, fc.constantFrom('10.2.0.0/16', '10.2.3.0/24')), 2));
const hosts = fc.uniqueArray(entryHost, { minLength: 1, maxLength: 2 });

/** How its endpoints are found. */
const resolved = fc.oneof(
  fc.record({ hosts, addresses, resolution: fc.constant('STATIC'), endpoints: fc.array(endpoint, { maxLength: 3 }) }),
  fc.record({
    hosts,
    addresses,
    resolution: fc.constant('STATIC'),
    workloadSelector: selector.map((labels) => ({ labels })),
  }),
  fc.record({ hosts, resolution: fc.constant('DNS'), endpoints: fc.array(dnsEndpoint, { maxLength: 2 }) }),
  fc.record({
    hosts,
    resolution: fc.constant('DNS'),
    workloadSelector: selector.map((labels) => ({ labels })),
  }),
  fc.record({ hosts, resolution: fc.constant('DNS_ROUND_ROBIN'), endpoints: fc.array(dnsEndpoint, { maxLength: 1 }) }),
  fc.record({
    hosts: fc.uniqueArray(fc.oneof(outsideHost, outsideWildcard), { minLength: 1, maxLength: 2 }),
    addresses,
    resolution: fc.constant('NONE'),
  }),
  fc.record({ hosts: fc.tuple(outsideWildcard), resolution: fc.constant('DYNAMIC_DNS') }),
);

export const serviceEntry: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: fc.constantFrom('se-1', 'se-2', 'se-3'),
    createdAt,
    line,
    resolved,
    ports: entryPorts,
    location: rarely(fc.constant('MESH_INTERNAL')),
    exportTo: fc.oneof({ weight: 6, arbitrary: exportTo }, { weight: 1, arbitrary: fc.constant(['~']) }),
    subjectAltNames: rarely(fc.constant(['spiffe://test/ns/a/sa/x'])),
    allocated: rarely(fc.constant({ addresses: [{ value: '240.240.0.1', host: 'ext.example' }] })),
  })
  .map(({ resolved, ports, location, exportTo, subjectAltNames, allocated, ...head }) => ({
    ...head,
    group,
    kind: 'ServiceEntry',
    body: written({
      spec: written({ ...resolved, ports: portsFor(resolved.resolution, ports), location, exportTo, subjectAltNames }),
      status: allocated,
    }),
  }));

type Ports = readonly { readonly number: number; readonly name: string; readonly protocol: string }[];

/** Hosts that are found by the request's own name must be told by the request: no plain TCP. */
function portsFor(resolution: string, ports: Ports): Ports {
  if (resolution !== 'DYNAMIC_DNS') return ports;
  return ports.map(({ number }) => ({ number, name: `http-${number}`, protocol: 'HTTP' }));
}

export const workloadEntry: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: fc.constantFrom('we-1', 'we-2'),
    createdAt,
    line,
    spec: fc
      .record({
        address: fc.oneof({ weight: 4, arbitrary: address }, { weight: 1, arbitrary: fc.constant('vm.dns.test') }),
        labels: workloadLabels,
        ports: rarely(fc.constantFrom({ 'http-80': 9002 }, { 'tcp-90': 9001, web: 9000 })),
        locality: rarely(locality),
        weight: rarely(fc.constant(2)),
        serviceAccount: rarely(fc.constant('vm')),
      })
      .map(written),
  })
  .map(({ spec, ...head }) => ({ ...head, group, kind: 'WorkloadEntry', body: { spec } }));
