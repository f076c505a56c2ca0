import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const check = neighbours('Sidecar', (part) => part);
const ingress = neighbours('Sidecar', (part) => `ingress: [${part}]`);
const egress = neighbours('Sidecar', (part) => `egress: [${part}]`);
const all = "hosts: ['*/*']";

describe('a Sidecar', () => {
  check(
    'says something',
    'outboundTrafficPolicy: {}',
    'workloadSelector: {labels: {a: b}}',
    'error FW0501 spec: expected ingress, egress, inboundConnectionPool or outboundTrafficPolicy, found none',
  );
  check(
    'selects workloads by labels',
    `workloadSelector: {labels: {a: b}}\negress: [{${all}}]`,
    `workloadSelector: {labels: {}}\negress: [{${all}}]`,
    'warning FW0016 spec.workloadSelector.labels: expected labels, found none: every workload of the namespace is selected',
  );
  check(
    'has connection pools like any other',
    'inboundConnectionPool: {tcp: {maxConnections: 1}}',
    'inboundConnectionPool: {}',
    'error FW0205 spec.inboundConnectionPool: expected tcp or http, found none',
  );
});

describe('the outbound traffic policy of a Sidecar', () => {
  const policy = neighbours('Sidecar', (part) => `outboundTrafficPolicy: {${part}}`);
  const proxy = 'spec.outboundTrafficPolicy.egressProxy';
  policy(
    'has a mode of its own',
    'mode: REGISTRY_ONLY',
    'mode: ALLOW_ANY_DYNAMIC_DNS',
    'error FW0504 spec.outboundTrafficPolicy.mode: expected REGISTRY_ONLY or ALLOW_ANY, found a mode that is for the whole mesh',
  );
  policy(
    'has a proxy for mode ALLOW_ANY',
    'mode: ALLOW_ANY, egressProxy: {host: a.example.com, port: {number: 80}}',
    'egressProxy: {host: a.example.com, port: {number: 80}}',
    `error FW0504 ${proxy}: expected it only for mode ALLOW_ANY, found it for REGISTRY_ONLY`,
  );
  policy(
    'has a proxy at a host and port',
    'mode: ALLOW_ANY, egressProxy: {host: a, port: {number: 80}}',
    'mode: ALLOW_ANY, egressProxy: {host: "*.example.com"}',
    `error FW0504 ${proxy}.host: expected a full host name, found "*.example.com"`,
    `error FW0504 ${proxy}: expected a port, found none`,
  );
});

describe('an ingress listener', () => {
  const at = 'spec.ingress[0]';
  ingress('has a port', '{port: {number: 80}}', '{}', `error FW0503 ${at}: expected a port, found none`);
  ingress(
    'has a port of its own',
    '{port: {number: 80, protocol: HTTP, name: a}}, {port: {number: 81}}',
    '{port: {number: 80, protocol: FTP, name: a_b, targetPort: 1}}, {port: {number: 80}}, {port: {number: 0}}',
    `error FW0503 ${at}.port.name: expected a name of letters, digits and dashes, found "a_b"`,
    `error FW0503 ${at}.port.protocol: expected one of HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, REDIS, MYSQL, UDP, found "FTP"`,
    `error FW0503 ${at}.port.targetPort: expected none, found one: it has no effect`,
    'error FW0503 spec.ingress[1].port.number: expected each port once, found 80 again',
    'error FW0503 spec.ingress[2].port.number: expected a port from 1 to 65535, found 0',
  );
  ingress(
    'is bound to an address',
    '{port: {number: 80}, bind: 10.0.0.1}',
    '{port: {number: 80}, bind: unix:///a}',
    `error FW0503 ${at}.bind: expected an IP address, found "unix:///a"`,
  );
  const forms = 'expected 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH, found';
  ingress(
    'hands over to the workload itself',
    '{port: {number: 1}, defaultEndpoint: "[::1]:80"}, {port: {number: 2}, defaultEndpoint: unix:///a}, {port: {number: 3}, defaultEndpoint: ":80"}',
    '{port: {number: 1}, defaultEndpoint: 10.0.0.1:80}, {port: {number: 2}, defaultEndpoint: unix://a}, {port: {number: 3}, defaultEndpoint: "127.0.0.1:0"}',
    `error FW0503 ${at}.defaultEndpoint: ${forms} "10.0.0.1:80"`,
    `error FW0503 spec.ingress[1].defaultEndpoint: ${forms} "unix://a"`,
    `error FW0503 spec.ingress[2].defaultEndpoint: ${forms} "127.0.0.1:0"`,
  );
  ingress(
    'has HTTP settings for HTTP',
    '{port: {number: 80, protocol: HTTP}, connectionPool: {http: {maxRetries: 1}}}',
    '{port: {number: 80, protocol: TCP}, connectionPool: {http: {maxRetries: 1}}}',
    `warning FW0503 ${at}.connectionPool.http: expected no http settings for protocol TCP, found some: only those of tcp have effect`,
  );
  const files = 'serverCertificate: /c, privateKey: /k';
  ingress(
    'ends TLS with certificates from files',
    `{port: {number: 443, protocol: HTTPS}, tls: {mode: SIMPLE, ${files}}}`,
    '{port: {number: 443, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: c, httpsRedirect: true}}',
    `error FW0503 ${at}.tls: expected certificates from files alone, found credentialName and httpsRedirect`,
  );
  ingress(
    'ends TLS of a mode and protocol that has it',
    `{port: {number: 443, protocol: TLS}, tls: {mode: MUTUAL, ${files}, caCertificates: /ca}}`,
    '{port: {number: 443, protocol: HTTP}, tls: {mode: ISTIO_MUTUAL}}',
    `error FW0503 ${at}.tls.mode: expected SIMPLE, MUTUAL or OPTIONAL_MUTUAL, found ISTIO_MUTUAL`,
    `error FW0503 ${at}.tls: expected no tls settings for protocol HTTP, found some: use HTTPS or TLS`,
  );
});

describe('an egress listener', () => {
  const at = 'spec.egress[0]';
  egress(
    'has hosts',
    `{${all}}`,
    '{hosts: []}',
    `error FW0502 ${at}.hosts: expected at least one namespace/host, found none`,
  );
  egress(
    'without a port is the last',
    `{port: {number: 80}, ${all}}, {${all}}`,
    `{${all}}, {port: {number: 80}, ${all}}`,
    `error FW0502 ${at}: expected the listener without port last, and only one of them, found one before others`,
  );
  egress(
    'without a port is bound nowhere',
    `{${all}}`,
    `{bind: 10.0.0.1, ${all}}`,
    `warning FW0502 ${at}.bind: expected none without a port, found one: it has no effect`,
  );
  egress(
    'has a place of its own',
    `{port: {number: 80}, ${all}}, {port: {number: 0}, bind: unix:///a, ${all}}`,
    `{port: {number: 80}, ${all}}, {port: {number: 80}, ${all}}`,
    'error FW0502 spec.egress[1]: expected each port once, found 80 again',
  );
  egress(
    'is bound to an address and port',
    `{port: {number: 80}, bind: 127.0.0.1, ${all}}`,
    `{port: {number: 65536}, bind: unix:///a, ${all}}`,
    `error FW0502 ${at}.port.number: expected a port from 1 to 65535, found 65536`,
    `error FW0502 ${at}.bind: expected an IP address beside a port, found "unix:///a"`,
  );
  egress(
    'is bound to a socket',
    `{port: {number: 0}, bind: unix:///a, captureMode: NONE, ${all}}`,
    `{port: {number: 0}, bind: unix:///a/, captureMode: IPTABLES, ${all}}, {port: {number: 0}, ${all}}`,
    `error FW0502 ${at}.bind: expected the absolute path of a socket, found "unix:///a/"`,
    `error FW0502 ${at}.captureMode: expected DEFAULT or NONE for a Unix socket, found IPTABLES`,
    'error FW0502 spec.egress[1].port.number: expected a port from 1 to 65535 unless bind is a Unix socket, found 0',
  );
  const form = 'expected namespace/host with a full host name or a wildcard, found';
  egress(
    'names hosts with their namespaces',
    "{hosts: [./*, other/a.example.com, '*/*.example.com', '~/*', '~shop/*.example.org']}",
    "{hosts: ['*', a/b/c.d, shop/reviews, A_B/*, '*/a*.example.com']}",
    `error FW0502 ${at}.hosts[0]: ${form} "*"`,
    `error FW0502 ${at}.hosts[1]: ${form} "a/b/c.d"`,
    `error FW0502 ${at}.hosts[2]: ${form} "shop/reviews"`,
    `error FW0502 ${at}.hosts[3]: ${form} "A_B/*"`,
    `error FW0502 ${at}.hosts[4]: ${form} "*/a*.example.com"`,
  );
  egress(
    'names hosts once',
    '{hosts: [shop/a.b, other/a.b]}',
    "{hosts: [shop/*, shop/a.b, '*/*', other/a.b]}",
    `warning FW0502 ${at}.hosts[1]: expected each host once, found shop/a.b beside others that hold it`,
    `warning FW0502 ${at}.hosts[3]: expected no other host beside */*, found other/a.b`,
  );
  check(
    'means its own namespace by a dot, and that of each client where it is for all workloads',
    'egress: [{hosts: [./*, shop/*]}]',
    'workloadSelector: {labels: {a: b}}\negress: [{hosts: [./*, shop/*]}]',
    `warning FW0502 ${at}.hosts[1]: expected each host once, found shop/* beside others that hold it`,
  );
});
