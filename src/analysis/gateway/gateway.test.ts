import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { issue } from '../../../test/support/certificates.ts';
import { analysisOf, object, pod, service } from '../../../test/support/mesh.ts';

const a = service('shop/a', 'http: 80');
const rule = (...gateways: readonly string[]) =>
  object(
    'VirtualService',
    'shop/x',
    `{hosts: [a.example.com], gateways: [${gateways.join(', ')}], http: [{route: [{destination: {host: a}}]}]}`,
  );
const gateway = (id: string, servers: string, selector = '{}') =>
  object('Gateway', id, `{selector: ${selector}, servers: [${servers}]}`);
const server = (port: string, hosts = "['*']", rest = '') =>
  `{port: {${port}}, hosts: ${hosts}${rest === '' ? '' : `, ${rest}`}}`;
const http = server('number: 80, name: http, protocol: HTTP');

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(a, ...objects), lines));
}

describe('a Gateway', () => {
  check('is served and routed through', [
    gateway('shop/edge', http, '{istio: edge}'),
    rule('edge'),
    pod('ingress/g', 'istio: edge'),
    object('EndpointSlice', 'shop/a-1', '[{addresses: [10.0.0.9]}]', 'endpoints').replace(
      'metadata: {',
      'addressType: IPv4\nports: [{name: http, port: 80}]\nmetadata: {labels: {kubernetes.io/service-name: a}, ',
    ),
  ]);
  check(
    'is served by nobody',
    [gateway('shop/edge', http, '{istio: edge}'), rule('edge'), pod('ingress/g', 'istio: other')],
    'warning FW1203 Service shop/a spec: expected an endpoint, found none for a.shop.svc.cluster.local: requests to it get 503',
    'warning FW1401 Gateway shop/edge spec.selector: expected a workload with istio=edge, found none in any namespace: nobody serves this Gateway',
  );
  check(
    'has no routes',
    [gateway('shop/edge', http)],
    'warning FW1402 Gateway shop/edge: expected a VirtualService for this Gateway, found none: every request gets 404',
  );
  check('needs no routes to pass connections on', [
    gateway(
      'shop/edge',
      server('number: 443, name: tls, protocol: TLS', "['*.local']", 'tls: {mode: AUTO_PASSTHROUGH}'),
    ),
  ]);
});

describe('servers of several Gateways', () => {
  const tcp = server('number: 80, name: tcp, protocol: TCP');
  const https = (hosts: string) =>
    server('number: 443, name: https, protocol: HTTPS', hosts, 'tls: {mode: SIMPLE, credentialName: c}');
  const both = rule('edge', 'two');
  check('share a port for HTTP', [gateway('shop/edge@1', http), gateway('shop/two@2', http), both]);
  check(
    'do not share a port for other protocols',
    [gateway('shop/edge@1', http), gateway('shop/two@2', tcp), both],
    'error FW0405 Gateway shop/two spec.servers[0]: expected HTTP as in the older Gateway shop/edge on port 80, found TCP: this server is left out',
    '  Gateway shop/edge is older and has the port',
  );
  check('are apart where no workload serves both', [
    gateway('shop/edge@1', http, '{istio: a}'),
    gateway('shop/two@2', tcp, '{istio: b}'),
    both,
  ]);
  check(
    'do not share hosts with TLS',
    [
      gateway('shop/edge@1', https('[a.example.com]')),
      gateway('shop/two@2', https('[b.example.com, a.example.com]')),
      both,
    ],
    'error FW0405 Gateway shop/two spec.servers[0]: expected hosts that no older server of port 443 has, found a.example.com again: this server is left out',
    '  Gateway shop/edge is older and has the port',
  );
});

describe('the certificate of a server', () => {
  const secured = (name: string) =>
    gateway(
      'shop/edge',
      server('number: 443, name: https, protocol: HTTPS', "['*']", `tls: {mode: SIMPLE, credentialName: ${name}}`),
    );
  const { certificate, key } = issue({ name: 'front' });
  const secret = `apiVersion: v1
kind: Secret
metadata: {name: front, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: ${JSON.stringify(certificate)}
  tls.key: ${JSON.stringify(key)}
`;
  check('is in a Secret', [secured('front'), secret, rule('edge')]);
  check(
    'is in none',
    [secured('back'), secret, rule('edge')],
    'error FW0406 Gateway shop/edge spec.servers[0].tls: expected a certificate in the Secret shop/back, found none that can be served: handshakes are refused',
  );
  check('may be anywhere where no Secret is known', [secured('back'), rule('edge')]);
});
