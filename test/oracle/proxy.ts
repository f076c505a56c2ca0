/** Connected proxies: sidecars in several namespaces, with different labels, places and interception; gateways. */
import fc from 'fast-check';
import { parseLocality } from '../../src/model/locality.ts';
import type { ProxyDraft } from '../support/plane.ts';
import { address, locality, namespace, node, rarely, serviceName, workloadLabels } from './universe.ts';

const common = {
  namespace,
  pod: serviceName,
  locality: rarely(locality),
  network: rarely(fc.constantFrom('far', 'near')),
  networkView: rarely(fc.constantFrom(['near'], ['far', 'near'])),
  cluster: rarely(fc.constantFrom('east', 'unknown')),
  nodeName: rarely(node),
  addresses: fc.uniqueArray(address, { minLength: 1, maxLength: 2 }),
  capturesDns: fc.boolean(),
  isUnprivileged: fc.boolean(),
};

type Common = {
  readonly [field in keyof typeof common]: (typeof common)[field] extends fc.Arbitrary<infer T> ? T : never;
};

function proxyOf({
  pod,
  namespace,
  locality,
  network,
  networkView,
  cluster,
  nodeName,
  addresses,
  capturesDns,
  isUnprivileged,
}: Common) {
  return {
    nodeId: `sidecar~${addresses[0]}~${pod}-1.${namespace}~${namespace}.svc.cluster.local`,
    name: `${pod}-1.${namespace}`,
    namespace,
    domain: `${namespace}.svc.cluster.local`,
    addresses,
    locality: parseLocality(locality ?? ''),
    network: network ?? '',
    ...(networkView === undefined ? {} : { networkView }),
    cluster: cluster ?? 'Kubernetes',
    nodeName: nodeName ?? '',
    serviceAccount: '',
    meshId: '',
    version: '',
    metadata: {},
    reservedPorts: [],
    isUnprivileged,
    speaksHttp10: false,
    capturesDns,
    application: '127.0.0.1',
  };
}

const sidecarProxy: fc.Arbitrary<ProxyDraft> = fc
  .record({
    ...common,
    labels: fc.oneof(workloadLabels, fc.constant({})),
    interception: fc.constantFrom('REDIRECT', 'REDIRECT', 'TPROXY', 'NONE'),
    httpProxyPort: rarely(fc.constant(15008)),
    reservedPorts: rarely(fc.constant([90])),
    loopback: rarely(fc.constant('127.0.0.9')),
  })
  .map(({ labels, interception, httpProxyPort, reservedPorts, loopback, ...rest }) => ({
    ...proxyOf(rest),
    type: 'sidecar',
    labels: labels as { readonly [key: string]: string },
    interception,
    ...(httpProxyPort === undefined ? {} : { httpProxyPort }),
    ...(reservedPorts === undefined ? {} : { reservedPorts }),
    ...(loopback === undefined ? {} : { loopback, application: loopback }),
  }));

const router: fc.Arbitrary<ProxyDraft> = fc
  .record({
    ...common,
    labels: fc.constantFrom({ istio: 'ingress' }, { istio: 'ingress', app: 'x' }, { app: 'y', version: 'v1' }),
    gateway: fc.constantFrom(undefined, {}, { trustedHops: 2 }, { acceptsProxyProtocol: true }),
  })
  .map(({ labels, gateway, ...rest }) => ({
    ...proxyOf(rest),
    type: 'router',
    labels: labels as { readonly [key: string]: string },
    interception: 'REDIRECT',
    ...(gateway === undefined ? {} : { gateway }),
  }));

export const proxy = fc.oneof({ weight: 3, arbitrary: sidecarProxy }, { weight: 1, arbitrary: router });
