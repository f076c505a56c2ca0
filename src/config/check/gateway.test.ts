import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';
import { objectIn } from '../../../test/support/objects.ts';
import { problemLine } from '../../../test/support/problem-line.ts';
import { decodeConfig } from '../decode.ts';

const check = neighbours('Gateway', (part) => `servers: [${part}]`);
const server = neighbours('Gateway', (part) => `servers: [{${part}}]`);
const http = 'port: {number: 80, name: http, protocol: HTTP}';
const hosts = "hosts: ['*']";
const at = 'spec.servers[0]';

describe('a Gateway', () => {
  check(
    'has servers',
    `{${http}, ${hosts}}`,
    '',
    'error FW0401 spec.servers: expected at least one server, found none',
  );
  check(
    'names its ports, each once',
    `{${http}, ${hosts}}, {port: {number: 81, name: other, protocol: HTTP}, ${hosts}}`,
    `{${http}, ${hosts}}, {${http}, ${hosts}}, {port: {number: 1, protocol: TCP}, ${hosts}}`,
    'error FW0402 spec.servers[1].port.name: expected each name once, found http again',
    'error FW0402 spec.servers[2].port.name: expected a name, found none',
  );
  it('has a name without dots', () => {
    const text = `{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: a.b}, spec: {servers: [{${http}, ${hosts}}]}}`;
    assert.deepEqual(decodeConfig('Gateway', objectIn(text)).problems.map(problemLine), [
      'error FW0401: expected a name of letters, digits and dashes, found a.b',
    ]);
  });
});

describe('a server', () => {
  server('has a port', `${http}, ${hosts}`, hosts, `error FW0402 ${at}: expected a port, found none`);
  server(
    'has a port of a protocol',
    `port: {number: 65535, name: a, protocol: mongo}, ${hosts}`,
    `port: {number: 0, name: a, protocol: FTP, targetPort: 1}, ${hosts}`,
    `error FW0402 ${at}.port.number: expected a port from 1 to 65535, found 0`,
    `error FW0402 ${at}.port.protocol: expected a protocol such as HTTP, HTTPS, TLS or TCP, found "FTP"`,
    `error FW0402 ${at}.port.targetPort: expected none, found one: the target port is that of the Service in front of the gateway`,
  );
  server(
    'is bound to an address',
    `${http}, ${hosts}, bind: '::1'`,
    `${http}, ${hosts}, bind: localhost`,
    `error FW0402 ${at}.bind: expected an IP address, found "localhost"`,
  );
  server(
    'is bound to a socket without a port',
    `port: {number: 0, name: a, protocol: HTTP}, ${hosts}, bind: unix:///a`,
    `${http}, ${hosts}, bind: unix://a`,
    `error FW0402 ${at}.port.number: expected 0 for a Unix socket, found 80`,
    `error FW0402 ${at}.bind: expected an IP address, found "unix://a"`,
  );
  server('has hosts', `${http}, ${hosts}`, http, `error FW0403 ${at}.hosts: expected at least one host, found none`);
  const form = 'expected a full host name, a wildcard such as *.example.com or namespace/host, found';
  server(
    'has full host names',
    `${http}, hosts: [a.example.com, '*/*', ./*.example.com, shop/a.example.com, 10.0.0.1]`,
    `${http}, hosts: [reviews, a/b/c.d, '*a.example.com', '~/*', shop/]`,
    `error FW0403 ${at}.hosts[0]: ${form} "reviews"`,
    `error FW0403 ${at}.hosts[1]: ${form} "a/b/c.d"`,
    `error FW0403 ${at}.hosts[2]: ${form} "*a.example.com"`,
    `error FW0403 ${at}.hosts[3]: ${form} "~/*"`,
    `error FW0403 ${at}.hosts[4]: ${form} "shop/"`,
  );
  server(
    'is routed by a VirtualService',
    `${http}, ${hosts}`,
    `${http}, ${hosts}, defaultEndpoint: 127.0.0.1:80`,
    `warning FW0009 ${at}.defaultEndpoint: defaultEndpoint has no effect: route by a VirtualService`,
  );
});

describe('the TLS of a server', () => {
  const of = (protocol: string, tls: string) =>
    `port: {number: 1, name: a, protocol: ${protocol}}, ${hosts}, tls: {${tls}}`;
  const simple = 'mode: SIMPLE, credentialName: c';
  server(
    'is there for HTTPS',
    of('HTTPS', simple),
    `port: {number: 1, name: a, protocol: HTTPS}, ${hosts}`,
    `error FW0404 ${at}: expected tls settings for protocol HTTPS, found none`,
  );
  server(
    'is a redirect at most for HTTP',
    of('HTTP', 'httpsRedirect: true'),
    of('HTTP', `httpsRedirect: true, ${simple}`),
    `error FW0404 ${at}.tls: expected no tls settings but httpsRedirect for protocol HTTP, found some: use HTTPS or TLS`,
  );
  server(
    'is not there for TCP',
    of('TLS', simple),
    of('TCP', ''),
    `error FW0404 ${at}.tls: expected no tls settings for protocol TCP, found some: use HTTPS or TLS`,
  );
  server(
    'redirects HTTP alone',
    of('HTTPS', simple),
    of('HTTPS', `httpsRedirect: true, ${simple}`),
    `warning FW0404 ${at}.tls.httpsRedirect: expected it only for HTTP, found it for HTTPS`,
  );
});
