import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const check = neighbours('VirtualService', (part) => part);
const http = 'http: [{route: [{destination: {host: a}}]}]';
const tcp = 'tcp: [{route: [{destination: {host: a}}]}]';
const tls = (match: string) => `tls: [{match: [{${match}}], route: [{destination: {host: a}}]}]`;
const none = 'expected none in a VirtualService without hosts, which is a delegate; found some';

describe('the hosts of a VirtualService', () => {
  check(
    'are names, wildcards or addresses',
    `hosts: [a, a.example.com, '*.example.org', 10.0.0.1, '2001:db8::1']\n${http}`,
    `hosts: [a_b, '*a*.example.com', a..b, 10.0.0.256]\n${http}`,
    'error FW0101 spec.hosts[0]: expected a DNS name, a wildcard such as *.example.com or an IP address, found "a_b"',
    'error FW0101 spec.hosts[1]: expected a DNS name, a wildcard such as *.example.com or an IP address, found "*a*.example.com"',
    'error FW0101 spec.hosts[2]: expected a DNS name, a wildcard such as *.example.com or an IP address, found "a..b"',
    'error FW0101 spec.hosts[3]: expected a DNS name, a wildcard such as *.example.com or an IP address, found "10.0.0.256"',
  );
  check(
    'may be * only for gateways',
    `hosts: ['*']\ngateways: [edge]\n${http}`,
    `hosts: ['*']\ngateways: [edge, mesh]\n${http}`,
    'error FW0101 spec.hosts[0]: expected a host other than * for the mesh: name the gateways that it is meant for',
  );
  check(
    'do not overlap',
    `hosts: ['*.example.com', example.com, '*.example.org', a.b.example.net, b.example.net]\n${http}`,
    `hosts: ['*.example.com', a.example.com, '*.com', b.example.org, '*.example.org', a, a]\n${http}`,
    'error FW0102 spec.hosts[1]: expected hosts that do not overlap, found a.example.com beside *.example.com',
    'error FW0102 spec.hosts[2]: expected hosts that do not overlap, found *.com beside *.example.com',
    'error FW0102 spec.hosts[4]: expected hosts that do not overlap, found *.example.org beside b.example.org',
    'error FW0102 spec.hosts[6]: expected hosts that do not overlap, found a beside a',
  );
  check(
    'may stand for part of a name on gateways only',
    `hosts: ['*-eu.example.com']\ngateways: [edge]\n${http}`,
    `hosts: ['*-eu.example.com']\n${http}`,
    'warning FW0009 spec.hosts[0]: expected a wildcard for whole labels such as *.example.com, found *-eu.example.com: this version uses others on gateways only',
  );
  check(
    'may be names of clusters on gateways that pass TLS on',
    `hosts: [outbound_.80_._.a.shop.svc.cluster.local]\ngateways: [edge]\n${tls('sniHosts: [outbound_.80_._.a.shop.svc.cluster.local]')}`,
    `hosts: [outbound_.80_._.a.shop.svc.cluster.local]\n${http}`,
    'error FW0101 spec.hosts[0]: expected a DNS name, a wildcard such as *.example.com or an IP address, found "outbound_.80_._.a.shop.svc.cluster.local"',
  );
});

describe('a VirtualService', () => {
  check(
    'has rules',
    `hosts: [a]\n${http}`,
    'hosts: [a]',
    'error FW0103 spec: expected at least one rule in http, tls or tcp, found none',
  );
  check(
    'has hosts unless it is a delegate',
    http,
    tcp,
    `error FW0117 spec.tcp: ${none}`,
    'error FW0101 spec.hosts: expected at least one host, found none',
  );
  check('names no gateways as a delegate', http, `gateways: [edge]\n${http}`, `error FW0117 spec.gateways: ${none}`);
  check(
    'names gateways by name or namespace/name',
    `hosts: [a]\ngateways: [mesh, edge, ingress/edge]\n${http}`,
    `hosts: [a]\ngateways: [a/b/c, 'a/', '*', edge.ingress.svc.cluster.local]\n${http}`,
    'error FW0120 spec.gateways[0]: expected mesh, a name or namespace/name of a Gateway, found "a/b/c"',
    'error FW0120 spec.gateways[1]: expected mesh, a name or namespace/name of a Gateway, found "a/"',
    'error FW0120 spec.gateways[2]: expected mesh, a name or namespace/name of a Gateway, found "*"',
    'warning FW0120 spec.gateways[3]: expected the form namespace/name, found edge.ingress.svc.cluster.local, which is read as ingress/edge',
  );
  check(
    'is exported to namespaces, all or its own',
    `hosts: [a]\nexportTo: ['.', other]\n${http}`,
    `hosts: [a]\nexportTo: ['~', a_b, ., shop]\n${http}`,
    'error FW0119 spec.exportTo[0]: expected namespaces, . or *, found ~, which only a ServiceEntry may use',
    'error FW0119 spec.exportTo[1]: expected the name of a namespace, . or *, found "a_b"',
    'error FW0119 spec.exportTo[3]: expected each namespace once, found shop again (. is shop)',
    'error FW0119 spec.exportTo: expected ~ alone, found it beside a_b, shop',
  );
  check(
    'is exported to all alone',
    `hosts: [a]\nexportTo: ['*']\n${http}`,
    `hosts: [a]\nexportTo: ['*', other]\n${http}`,
    'error FW0119 spec.exportTo: expected * alone, found it beside other',
  );
});

describe('a TLS route', () => {
  check(
    'names hosts of the VirtualService by SNI',
    `hosts: ['*.example.com']\n${tls('sniHosts: [a.example.com, "*.b.example.com"]')}`,
    `hosts: ['*.example.com']\n${tls('sniHosts: [a.example.org, "*.com", "a b"]')}`,
    'error FW0118 spec.tls[0].match[0].sniHosts[0]: expected a name among the hosts *.example.com, found a.example.org',
    'error FW0118 spec.tls[0].match[0].sniHosts[1]: expected a name among the hosts *.example.com, found *.com',
    'error FW0118 spec.tls[0].match[0].sniHosts[2]: expected a DNS name or wildcard, found "a b"',
  );
  check(
    'does not expect an address as SNI',
    `hosts: [a]\n${tls('sniHosts: [a]')}`,
    `hosts: [a]\n${tls('sniHosts: [10.0.0.1]')}`,
    'warning FW0118 spec.tls[0].match[0].sniHosts[0]: expected a DNS name, found 10.0.0.1: clients send no IP address as SNI',
  );
  check(
    'has matches with SNI',
    `hosts: [a]\n${tls('sniHosts: [a]')}`,
    `hosts: [a]\ntls: [{route: [{destination: {host: a}}]}, {match: [{port: 1}], route: [{destination: {host: a}}]}]`,
    'error FW0118 spec.tls[0]: expected at least one match with sniHosts, found none',
    'error FW0118 spec.tls[1].match[0]: expected at least one name in sniHosts, found none',
    'warning FW0123 spec.tls[1]: expected a route that some request reaches, found all of it taken by spec.tls[0]',
  );
  check(
    'has destinations',
    `hosts: [a]\n${tls('sniHosts: [a]')}`,
    'hosts: [a]\ntls: [{match: [{sniHosts: [a]}]}]',
    'error FW0121 spec.tls[0].route: expected at least one destination, found none',
  );
});

describe('a match of a TCP route', () => {
  const match = (text: string) => `hosts: [a]\ntcp: [{match: [{${text}}], route: [{destination: {host: a}}]}]`;
  check(
    'names addresses and blocks',
    match('destinationSubnets: [10.0.0.0/8, 10.1.1.1, "2001:db8::/32"]'),
    match('destinationSubnets: [10.0.0.0/33, a.example.com]'),
    'error FW0107 spec.tcp[0].match[0].destinationSubnets[0]: expected an IP address or block, found "10.0.0.0/33"',
    'error FW0107 spec.tcp[0].match[0].destinationSubnets[1]: expected an IP address or block, found "a.example.com"',
  );
  check(
    'names a port',
    match('port: 65535'),
    match('port: 65536'),
    'error FW0107 spec.tcp[0].match[0].port: expected a port from 1 to 65535, found 65536',
  );
  check(
    'names labels that workloads can have',
    match('sourceLabels: {example.com/app: a_b}'),
    match('sourceLabels: {example.com/app: "a b", "a b": c}'),
    'error FW0016 spec.tcp[0].match[0].sourceLabels["example.com/app"]: expected the value of a Kubernetes label, found "a b"',
    'error FW0016 spec.tcp[0].match[0].sourceLabels.a b: expected the key of a Kubernetes label, found "a b"',
  );
  check(
    'names gateways',
    match('gateways: [mesh, ingress/edge]'),
    match('gateways: ["a/b/c"]'),
    'error FW0120 spec.tcp[0].match[0].gateways[0]: expected mesh, a name or namespace/name of a Gateway, found "a/b/c"',
  );
  check(
    'does not ask for the address of a client',
    match('sourceNamespace: other'),
    match('sourceSubnet: 10.0.0.0/8'),
    'warning FW0009 spec.tcp[0].match[0].sourceSubnet: sourceSubnet has no effect: use sourceLabels or sourceNamespace',
  );
});
