/** Services, EndpointSlices, Pods and Nodes. */
import fc from 'fast-check';
import type { Labels } from '../../src/model/labels.ts';
import type { Draft } from '../support/draft.ts';
import {
  address,
  clusterHost,
  createdAt,
  line,
  namespace,
  node,
  nodes,
  port,
  rarely,
  selector,
  serviceName,
  some,
  version,
  virtualAddress,
  workloadLabels,
  written,
} from './universe.ts';

/** Protocols by the names of ports; one and the same number is spoken differently by different services. */
const protocol = fc.constantFrom('http', 'http', 'tcp', 'grpc', 'https', 'tls', 'mongo', 'auto', 'http2', 'udp');

const servicePorts = fc
  .uniqueArray(fc.record({ port, protocol, targetPort: fc.constantFrom(undefined, 9000, 9001, 'web') }), {
    minLength: 1,
    maxLength: 3,
    selector: ({ port }) => port,
  })
  .map((all) =>
    all.map(({ port, protocol, targetPort }) =>
      written({
        name: protocol === 'auto' || protocol === 'udp' ? `p-${port}` : `${protocol}-${port}`,
        protocol: protocol === 'udp' ? 'UDP' : undefined,
        port,
        targetPort,
      }),
    ),
  );

const annotations = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('*', '.', 'a', '.,b', 'b', 'istio-system')
      .map((targets) => ({ 'networking.istio.io/exportTo': targets })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('PreferClose', 'PreferSameNode')
      .map((wish) => ({ 'networking.istio.io/traffic-distribution': wish })),
  },
  { weight: 1, arbitrary: fc.constant({ note: 'says nothing of traffic' }) },
);

const reached = fc.oneof(
  { weight: 5, arbitrary: virtualAddress.map((clusterIP) => ({ clusterIP })) },
  { weight: 1, arbitrary: fc.constant({ clusterIPs: ['10.1.0.9', 'fd01::9'] }) },
  { weight: 2, arbitrary: fc.constant({ clusterIP: 'None' }) },
  {
    weight: 1,
    arbitrary: fc
      .oneof(
        fc.constant('ext.example'),
        fc.tuple(serviceName, namespace).map(([name, where]) => clusterHost(name, where)),
      )
      .map((externalName) => ({ type: 'ExternalName', externalName })),
  },
);

export const service: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: serviceName,
    createdAt,
    line,
    annotations,
    labels: fc.constantFrom<Labels>(
      {},
      {},
      {},
      { 'istio.io/persistent-session': 's' },
      { 'topology.istio.io/network': 'far' },
    ),
    externalIPs: rarely(fc.constantFrom(['1.1.1.1'], ['1.1.1.1', '2.2.2.2'])),
    ports: servicePorts,
    reached,
    selector: rarely(selector),
    isLocal: rarely(fc.constant('Local')),
  })
  .map(({ ports, reached, selector, isLocal, externalIPs, ...head }) => ({
    ...head,
    group: '',
    kind: 'Service',
    // Most services select their namesakes.
    body: {
      spec: written({
        ports,
        ...reached,
        selector: selector ?? { app: head.name },
        internalTrafficPolicy: isLocal,
        externalIPs,
      }),
    },
  }));

const conditions = fc.constantFrom(
  undefined,
  { ready: true },
  { ready: false },
  { ready: false, terminating: false },
  { ready: false, serving: true, terminating: true },
);

const slicePorts = some(
  fc.record({
    name: fc
      .tuple(fc.constantFrom('http', 'tcp', 'grpc', 'https', 'tls', 'mongo', 'p', 'http2'), port)
      .map(([name, number]) => `${name}-${number}`),
    port: fc.constantFrom(9000, 9001, 9002),
  }),
  8,
);

export const endpointSlice: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    service: serviceName,
    suffix: fc.constantFrom('1', '2'),
    createdAt,
    line,
    ports: slicePorts,
    addressType: fc.constantFrom('IPv4', 'IPv4', 'IPv6'),
    endpoints: fc.array(fc.record({ address, conditions, nodeName: rarely(node), pod: rarely(serviceName) }), {
      maxLength: 4,
    }),
  })
  .map(({ namespace, service, suffix, createdAt, line, ports, addressType, endpoints }) => ({
    group: 'discovery.k8s.io',
    kind: 'EndpointSlice',
    namespace,
    name: `slice-${suffix}`,
    createdAt,
    line,
    // The same slice may come to belong to another Service.
    labels: { 'kubernetes.io/service-name': service },
    body: {
      addressType,
      ports,
      endpoints: endpoints
        .filter(({ address }) => address.includes(':') === (addressType === 'IPv6'))
        .map(({ address, conditions, nodeName, pod }) =>
          written({
            addresses: [address],
            conditions,
            nodeName,
            targetRef: pod === undefined ? undefined : { kind: 'Pod', name: `${pod}-1`, namespace },
          }),
        ),
    },
  }));

export const pod: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: serviceName,
    createdAt,
    line,
    labels: workloadLabels,
    locality: rarely(fc.constantFrom('r2.z1', 'r1.z2')),
    network: rarely(fc.constantFrom('far', 'near')),
    tlsMode: rarely(fc.constant('istio')),
    address,
    nodeName: rarely(node),
    isReady: fc.boolean(),
    owner: rarely(version),
  })
  .map(({ labels, locality, network, tlsMode, address, nodeName, isReady, owner, name, ...head }) => ({
    ...head,
    name: `${name}-1`,
    group: '',
    kind: 'Pod',
    labels: written({
      ...labels,
      'istio-locality': locality,
      'topology.istio.io/network': network,
      'security.istio.io/tlsMode': tlsMode,
    }) as {
      [key: string]: string;
    },
    body: {
      spec: written({ nodeName, containers: [{ ports: [{ name: 'web', containerPort: 9001 }] }] }),
      status: { podIP: address, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
      metadata: {
        name: `${name}-1`,
        namespace: head.namespace,
        ownerReferences:
          owner === undefined ? [] : [{ kind: 'StatefulSet', name: `${name}-${owner}`, controller: true }],
      },
    },
  }));

export const nodeObject: fc.Arbitrary<Draft> = fc
  .record({ name: fc.constantFrom(...nodes), zone: fc.constantFrom('z1', 'z2'), line })
  .map(({ name, zone, line }) => ({
    group: '',
    kind: 'Node',
    namespace: '',
    name,
    createdAt: 0,
    line,
    labels: { 'topology.kubernetes.io/region': 'r1', 'topology.kubernetes.io/zone': zone },
    body: {},
  }));

/** Chosen or passed over by discoverySelectors. */
export const namespaceObject: fc.Arbitrary<Draft> = fc
  .record({
    name: namespace,
    mesh: fc.constantFrom('in', 'out'),
    network: rarely(fc.constantFrom('far', 'near')),
    line,
  })
  .map(({ name, mesh, network, line }) => ({
    group: '',
    kind: 'Namespace',
    namespace: '',
    name,
    createdAt: 0,
    line,
    labels: written({ mesh, 'topology.istio.io/network': network }) as Labels,
    body: {},
  }));

/** What came before EndpointSlices, and counts where there are none. */
export const endpoints: fc.Arbitrary<Draft> = fc
  .record({
    namespace,
    name: serviceName,
    createdAt,
    line,
    ports: slicePorts,
    addresses: some(address, 2),
    pod: rarely(serviceName),
  })
  .map(({ ports, addresses, pod, ...head }) => ({
    ...head,
    group: '',
    kind: 'Endpoints',
    body: {
      subsets: [
        {
          ports,
          addresses: addresses.map((ip) =>
            written({
              ip,
              targetRef: pod === undefined ? undefined : { kind: 'Pod', name: `${pod}-1`, namespace: head.namespace },
            }),
          ),
        },
      ],
    },
  }));
