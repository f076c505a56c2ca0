/** What the mesh configuration says to gateways and to TLS with the outside, up to the resources. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Json, resourceJson } from '../src/resource/json.ts';
import { clusterType, listenerType } from '../src/resource/types.ts';
import { controlPlaneOf, meshConfigIn } from './support/control-plane.ts';
import { type ProxyText, proxyOf } from './support/proxy.ts';

const servers = `- { port: { number: 443, name: one, protocol: HTTPS }, hosts: [a.test], tls: { mode: SIMPLE, credentialName: a } }
- port: { number: 444, name: two, protocol: TLS }
  hosts: [b.test]
  tls: { mode: MUTUAL, credentialName: b, minProtocolVersion: TLSV1_2, cipherSuites: [AES256-SHA] }
- { port: { number: 445, name: three, protocol: HTTPS }, hosts: [c.test], tls: { mode: ISTIO_MUTUAL } }`;

const objects = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec:
  selector: { app: ingress }
  servers:
    ${servers.replaceAll('\n', '\n    ')}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: raw, namespace: edge }
spec:
  hosts: [b.test]
  gateways: [front]
  tcp: [{ match: [{ port: 444 }], route: [{ destination: { host: bank.example } }] }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bank, namespace: edge }
spec: { hosts: [bank.example], location: MESH_EXTERNAL, resolution: DNS, ports: [{ number: 443, name: tls, protocol: TLS }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: bank, namespace: edge }
spec: { host: bank.example, trafficPolicy: { tls: { mode: SIMPLE } } }`;

/** Every value that stands under a field somewhere in the resources of a gateway, by the names of the resources. */
function findIn(
  meshConfig: string,
  field: string,
  metadata: ProxyText['metadata'] = {},
): { readonly [name: string]: unknown } {
  const plane = controlPlaneOf(objects);
  plane.setMeshConfig(meshConfigIn(meshConfig));
  const proxy = proxyOf({ type: 'router', pod: 'ingress-1', namespace: 'edge', labels: { app: 'ingress' }, metadata });
  const { scope } = plane.connect(proxy, () => {});
  const found: { [name: string]: unknown } = {};
  for (const type of [listenerType, clusterType]) {
    for (const resource of plane.view(type, scope)?.contents.resources() ?? []) {
      const values = valuesOf(resourceJson(resource), field);
      if (values.length > 0) found[resource.name] = values;
    }
  }
  return found;
}

function valuesOf(json: Json, field: string): readonly Json[] {
  if (json === null || typeof json !== 'object') return [];
  return Object.entries(json).flatMap(([name, value]) => [
    ...(name === field ? [value] : []),
    ...valuesOf(value, field),
  ]);
}

describe('TLS with the outside', () => {
  const toBank = 'outbound|443||bank.example';
  const versions = { tlsMinimumProtocolVersion: 'TLSv1_2', tlsMaximumProtocolVersion: 'TLSv1_3' };
  const own = { tlsMinimumProtocolVersion: 'TLSv1_2', cipherSuites: ['AES256-SHA'] };

  it('is as Envoy has it without defaults, as far as a server says nothing', () => {
    assert.deepEqual(findIn('', 'tlsParams'), { '0.0.0.0_444': [own], [toBank]: [versions] });
  });
  it('takes the defaults for what a server leaves open, and for clients; the mesh among itself does not', () => {
    const defaults = `{ minProtocolVersion: TLSV1_3, cipherSuites: [AES128-SHA], ecdhCurves: [P-384] }`;
    const chosen = { cipherSuites: ['AES128-SHA'], ecdhCurves: ['P-384'] };
    assert.deepEqual(findIn(`tlsDefaults: ${defaults}`, 'tlsParams'), {
      '0.0.0.0_443': [{ tlsMinimumProtocolVersion: 'TLSv1_3', ...chosen }],
      '0.0.0.0_444': [{ ...own, ecdhCurves: ['P-384'] }],
      [toBank]: [{ ...versions, ...chosen }],
    });
  });
});

describe('what a gateway believes of the proxies in front of it', () => {
  const hops = 'defaultConfig: { gatewayTopology: { numTrustedProxies: 2 } }';
  const of = (metadata: ProxyText['metadata']) => findIn(hops, 'xffNumTrustedHops', metadata);

  it('is for the mesh to say', () => assert.deepEqual(of({}), { '0.0.0.0_443': [2], '0.0.0.0_445': [2] }));
  it('is for its own configuration to say first', () => {
    assert.deepEqual(of({ PROXY_CONFIG: { gatewayTopology: { numTrustedProxies: 1 } } }), {
      '0.0.0.0_443': [1],
      '0.0.0.0_445': [1],
    });
    assert.deepEqual(of({ PROXY_CONFIG: {} }), {});
  });
});
