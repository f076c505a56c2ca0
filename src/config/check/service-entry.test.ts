import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const check = neighbours('ServiceEntry', (part) => part);
const port = 'ports: [{number: 80, name: http, protocol: HTTP}]';
const name = 'expected a DNS name or a wildcard such as *.example.com, found';

describe('the hosts of a ServiceEntry', () => {
  check(
    'are there',
    `hosts: [a.example.com]\n${port}`,
    port,
    'error FW0301 spec.hosts: expected at least one host, found none',
  );
  check(
    'are names and wildcards',
    `hosts: [a, '*.example.com']\n${port}`,
    `hosts: ['*', 10.0.0.1, a_b]\n${port}`,
    `error FW0301 spec.hosts[0]: ${name} "*"`,
    `error FW0301 spec.hosts[1]: ${name} "10.0.0.1"`,
    `error FW0301 spec.hosts[2]: ${name} "a_b"`,
  );
  check(
    'are whole names, each once',
    `hosts: [a.example.com, b.example.com]\n${port}`,
    `hosts: [a.example.com, '*a.example.com', a.example.com]\n${port}`,
    `warning FW0301 spec.hosts[1]: ${name} *a.example.com, of which the * stands for part of a name`,
    'warning FW0301 spec.hosts[2]: expected each host once, found a.example.com again',
  );
});

describe('the addresses of a ServiceEntry', () => {
  check(
    'are addresses and blocks',
    `hosts: [a]\naddresses: [10.0.0.1, 10.0.0.0/8, '2001:db8::/32']\n${port}`,
    `hosts: [a]\naddresses: [10.0.0, 10.0.0.0/8/8, a]\n${port}`,
    'error FW0302 spec.addresses[0]: expected an IP address or block, found "10.0.0"',
    'error FW0302 spec.addresses[1]: expected an IP address or block, found "10.0.0.0/8/8"',
    'error FW0302 spec.addresses[2]: expected an IP address or block, found "a"',
  );
  check(
    'are single ones where DNS is asked',
    `hosts: [a.example.com]\nresolution: DNS\naddresses: [10.0.0.1]\n${port}`,
    `hosts: [a.example.com]\nresolution: DNS\naddresses: [10.0.0.0/8]\n${port}`,
    'error FW0302 spec.addresses[0]: expected single addresses for resolution DNS, found the block 10.0.0.0/8',
  );
  check(
    'tell TCP ports apart',
    'hosts: [a]\naddresses: [10.0.0.1]\nports: [{number: 9000, name: tcp, protocol: TCP}]',
    'hosts: [a]\nports: [{number: 9000, name: tcp, protocol: TCP}]',
    'warning FW0302 spec.ports[0]: expected addresses for a port that speaks TCP, found none: it takes all connections to port 9000',
  );
});

describe('the ports of a ServiceEntry', () => {
  check(
    'have numbers and names, each once',
    'hosts: [a]\nports: [{number: 80, name: a, protocol: HTTP}, {number: 81, name: b, protocol: HTTP}]',
    'hosts: [a]\nports: [{number: 80, name: a, protocol: HTTP}, {number: 80, name: a, protocol: HTTP}, {number: 0, name: a_b, protocol: HTTP}]',
    'error FW0303 spec.ports[1].number: expected each number once, found 80 again',
    'error FW0303 spec.ports[1].name: expected each name once, found a again',
    'error FW0303 spec.ports[2].number: expected a port from 1 to 65535, found 0',
    'error FW0303 spec.ports[2].name: expected a name of letters, digits and dashes, found "a_b"',
  );
  check(
    'lead to ports and speak protocols',
    'hosts: [a]\nports: [{number: 80, name: a, protocol: grpc-web, targetPort: 8080}]',
    'hosts: [a]\naddresses: [10.0.0.1]\nports: [{number: 80, name: a, protocol: FTP, targetPort: 65536}]',
    'error FW0303 spec.ports[0].targetPort: expected a port from 1 to 65535, found 65536',
    'error FW0303 spec.ports[0].protocol: expected one of HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, REDIS, MYSQL, UDP, found "FTP"',
  );
  check(
    'say which of several hosts a connection is for',
    'hosts: [a, b]\nresolution: STATIC\nports: [{number: 443, name: tls, protocol: TLS}]',
    'hosts: [a, b]\nresolution: STATIC\naddresses: [10.0.0.1]\nports: [{number: 1, name: a, protocol: TCP}, {number: 2, name: b}]',
    'error FW0303 spec.ports[0]: expected HTTP or TLS where there are several hosts, found TCP: its connections do not say which host they are for',
    'error FW0303 spec.ports[1]: expected HTTP or TLS where there are several hosts, found no protocol: its connections do not say which host they are for',
  );
});

describe('the resolution of a ServiceEntry', () => {
  const with1 = (resolution: string, rest: string) =>
    `hosts: [a.example.com]\nresolution: ${resolution}\n${port}\n${rest}`;
  check(
    'NONE has no endpoints',
    with1('STATIC', 'endpoints: [{address: 10.0.0.1}]'),
    with1('NONE', 'endpoints: [{address: a.example.com}]'),
    'error FW0304 spec.endpoints: expected none for resolution NONE, found 1',
  );
  check(
    'NONE selects nothing',
    with1('STATIC', 'workloadSelector: {labels: {a: b}}'),
    with1('NONE', 'workloadSelector: {labels: {a: b}}'),
    'warning FW0304 spec.workloadSelector: expected none for resolution NONE, found one: it has no effect',
  );
  check(
    'STATIC has endpoints with addresses',
    with1('STATIC', 'endpoints: [{address: "2001:db8::1"}, {address: unix:///a}]'),
    with1('STATIC', 'endpoints: [{address: b.example.com}]'),
    'error FW0304 spec.endpoints[0].address: expected an IP address or a unix:// path for resolution STATIC, found "b.example.com"',
  );
  check(
    'DNS has endpoints with names',
    with1('DNS', 'endpoints: [{address: b.example.com}, {address: 10.0.0.1}]'),
    with1('DNS', 'endpoints: [{address: unix:///a}]'),
    'error FW0304 spec.endpoints[0].address: expected a DNS name or an IP address for resolution DNS, found "unix:///a"',
  );
  check(
    'DNS_ROUND_ROBIN has one endpoint at most',
    with1('DNS_ROUND_ROBIN', 'endpoints: [{address: b.example.com}]'),
    with1('DNS_ROUND_ROBIN', 'endpoints: [{address: b.example.com}, {address: c.example.com}]'),
    'error FW0304 spec.endpoints: expected at most one for resolution DNS_ROUND_ROBIN, found 2',
  );
  check(
    'DNS asks for the host where there are no endpoints',
    `hosts: ['*.example.com']\nresolution: DNS\n${port}\nendpoints: [{address: b.example.com}]`,
    `hosts: ['*.example.com']\nresolution: DNS\n${port}`,
    'error FW0304 spec.hosts[0]: expected a full DNS name where resolution DNS has no endpoints, found "*.example.com"',
  );
  check(
    'DYNAMIC_DNS is for wildcards and what names its host',
    `hosts: ['*.example.com']\nresolution: DYNAMIC_DNS\n${port}`,
    'hosts: [a.example.com]\nresolution: DYNAMIC_DNS\naddresses: [10.0.0.1]\nports: [{number: 1, name: a, protocol: TCP}]\nendpoints: [{address: b}]',
    'error FW0302 spec.addresses: expected none for resolution DYNAMIC_DNS, found some',
    'error FW0303 spec.ports[0]: expected HTTP or TLS for resolution DYNAMIC_DNS, found TCP',
    'error FW0304 spec.endpoints: expected none for resolution DYNAMIC_DNS, found 1',
    'error FW0304 spec.hosts[0]: expected a wildcard for resolution DYNAMIC_DNS, found a.example.com',
  );
  check(
    'lists endpoints or selects them',
    with1('STATIC', 'workloadSelector: {labels: {a: b}}'),
    with1('STATIC', 'workloadSelector: {labels: {a: b}}\nendpoints: [{address: 10.0.0.1}]'),
    'error FW0304 spec: expected one of workloadSelector and endpoints, found both',
  );
});

describe('the endpoints of a ServiceEntry', () => {
  const endpoint = neighbours(
    'ServiceEntry',
    (part) => `hosts: [a]\nresolution: STATIC\n${port}\nendpoints: [{${part}}]`,
  );
  endpoint(
    'serve ports of the ServiceEntry',
    'address: 10.0.0.1, ports: {http: 8080}',
    'address: 10.0.0.1, ports: {https: 8443}',
    'error FW0304 spec.endpoints[0].ports.https: expected the name of one of the ports http, found https',
  );
  endpoint(
    'may be known by their network alone, to its gateway',
    'address: 10.0.0.1, network: n',
    'network: n',
    'warning FW0305 spec.endpoints[0]: expected an address, found none: the gateway of network n is meant to know it',
  );
  check(
    'that are sockets serve one port',
    `hosts: [a]\nresolution: STATIC\n${port}\nendpoints: [{address: unix:///a}]`,
    'hosts: [a]\nresolution: STATIC\nendpoints: [{address: unix:///a}]',
    'error FW0304 spec.endpoints[0].address: expected one port where an endpoint is a unix:// path, found 0',
  );
});

describe('a ServiceEntry', () => {
  check(
    'may be shown to nobody',
    `hosts: [a]\nexportTo: ['~']\n${port}`,
    `hosts: [a]\nexportTo: ['~', .]\n${port}`,
    'error FW0119 spec.exportTo: expected ~ alone, found it beside shop',
  );
});
