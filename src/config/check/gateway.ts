/** The rules for a Gateway beyond its schema, as Istio's validation has them. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import { isHttp, isTls, parseProtocol } from '../../model/protocol.ts';
import type { Gateway, GatewayServer, ListenPort } from '../gateway.ts';
import type { Check } from './check.ts';
import { isDnsLabel, isPartialWildcard, isUnixPath, isWildcardDnsName } from './names.ts';
import { isProtocol } from './ports.ts';
import { checkServerTls } from './server-tls.ts';

export function checkGateway({ servers = [] }: Gateway, check: Check): void {
  if (!isDnsLabel(check.subject.name))
    check.error('FW0401', [], `expected a name of letters, digits and dashes, found ${check.subject.name}`);
  if (servers.length === 0) check.error('FW0401', ['spec', 'servers'], 'expected at least one server, found none');
  const portNames = new Set<string>();
  for (const [i, server] of servers.entries()) {
    const path = ['spec', 'servers', i];
    checkServer(check, path, server);
    const { name = '' } = server.port ?? {};
    if (name !== '' && portNames.has(name))
      check.error('FW0402', [...path, 'port', 'name'], `expected each name once, found ${name} again`);
    portNames.add(name);
  }
}

function checkServer(check: Check, path: Path, server: GatewayServer): void {
  const { port, hosts = [], tls, bind = '', defaultEndpoint = '' } = server;
  if (port === undefined) check.error('FW0402', path, 'expected a port, found none');
  else checkPort(check, [...path, 'port'], port, bind);
  if (hosts.length === 0) check.error('FW0403', [...path, 'hosts'], 'expected at least one host, found none');
  for (const [i, host] of hosts.entries()) checkHost(check, [...path, 'hosts', i], host);
  if (bind.startsWith('unix://') ? !isUnixPath(bind.slice('unix://'.length)) : bind !== '' && isIP(bind) === 0)
    check.error('FW0402', [...path, 'bind'], `expected an IP address, found ${JSON.stringify(bind)}`);
  if (defaultEndpoint !== '')
    check.warning('FW0009', [...path, 'defaultEndpoint'], 'defaultEndpoint has no effect: route by a VirtualService');
  checkTlsMatchesProtocol(check, path, server);
  if (tls !== undefined) checkServerTls(check, [...path, 'tls'], tls);
}

function checkPort(check: Check, path: Path, port: ListenPort, bind: string): void {
  const { number = 0, name = '', protocol = '', targetPort = 0 } = port;
  const isSocket = bind.startsWith('unix://');
  if (isSocket ? number !== 0 : number < 1 || number > 65535)
    check.error(
      'FW0402',
      [...path, 'number'],
      isSocket ? `expected 0 for a Unix socket, found ${number}` : `expected a port from 1 to 65535, found ${number}`,
    );
  if (name === '') check.error('FW0402', [...path, 'name'], 'expected a name, found none');
  if (!isProtocol(protocol))
    check.error(
      'FW0402',
      [...path, 'protocol'],
      `expected a protocol such as HTTP, HTTPS, TLS or TCP, found ${JSON.stringify(protocol)}`,
    );
  if (targetPort > 0)
    check.error(
      'FW0402',
      [...path, 'targetPort'],
      'expected none, found one: the target port is that of the Service in front of the gateway',
    );
}

/** `host`, or `namespace/host` where the namespace may be `.` or `*`. */
function checkHost(check: Check, path: Path, host: string): void {
  const parts = host.split('/');
  const [namespace = '', name = ''] = parts.length === 1 ? ['*', host] : parts;
  const isNamespace = namespace === '*' || namespace === '.' || isDnsLabel(namespace);
  if (parts.length > 2 || !isNamespace || !isGatewayHost(name))
    check.error(
      'FW0403',
      path,
      `expected a full host name, a wildcard such as *.example.com or namespace/host, found ${JSON.stringify(host)}`,
    );
}

/** No short name: a gateway is in no namespace that would complete it. */
function isGatewayHost(name: string): boolean {
  if (isIP(name) !== 0) return true;
  return name === '*' || (name.includes('.') && isWildcardDnsName(name) && !isPartialWildcard(name));
}

function checkTlsMatchesProtocol(check: Check, path: Path, { port, tls }: GatewayServer): void {
  if (!isProtocol(port?.protocol ?? '')) return;
  const protocol = parseProtocol(port?.protocol ?? '');
  const at = [...path, 'tls'];
  if (isTls(protocol)) {
    if (tls === undefined)
      check.error('FW0404', path, `expected tls settings for protocol ${port?.protocol}, found none`);
  } else if (tls !== undefined) {
    const { mode = 'PASSTHROUGH', serverCertificate = '', privateKey = '', caCertificates = '' } = tls;
    const ends = mode !== 'PASSTHROUGH' && mode !== 'AUTO_PASSTHROUGH';
    if (!isHttp(protocol) || ends || serverCertificate + privateKey + caCertificates !== '')
      check.error(
        'FW0404',
        at,
        `expected no tls settings ${isHttp(protocol) ? 'but httpsRedirect ' : ''}for protocol ${port?.protocol}, found some: use HTTPS or TLS`,
      );
  }
  if (tls?.httpsRedirect === true && !isHttp(protocol))
    check.warning('FW0404', [...at, 'httpsRedirect'], `expected it only for HTTP, found it for ${port?.protocol}`);
}
