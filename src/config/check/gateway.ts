/** The rules for a Gateway beyond its schema, as Istio's validation has them. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import { isHttp, isTls, parseProtocol } from '../../model/protocol.ts';
import type { Gateway, GatewayServer, ListenPort, ServerTls } from '../gateway.ts';
import { type Check, isDnsLabel, isWildcardDnsName } from './check.ts';

export function checkGateway({ servers = [] }: Gateway, check: Check): void {
  if (servers.length === 0) check.error('FW0401', ['spec', 'servers'], 'expected at least one server, found none');
  const portNames = new Set<string>();
  for (const [i, server] of servers.entries()) {
    const path = ['spec', 'servers', i];
    checkServer(server, path, check);
    const { name = '' } = server.port ?? {};
    if (portNames.has(name))
      check.error('FW0402', [...path, 'port', 'name'], `expected each name once, found ${name} again`);
    portNames.add(name);
  }
}

function checkServer(server: GatewayServer, path: Path, check: Check): void {
  const { port, hosts = [], tls, bind = '' } = server;
  if (port === undefined) check.error('FW0402', path, 'expected a port, found none');
  else checkListenPort(port, [...path, 'port'], 'FW0402', check);
  if (hosts.length === 0) check.error('FW0403', [...path, 'hosts'], 'expected at least one host, found none');
  for (const [i, host] of hosts.entries()) checkHost(host, [...path, 'hosts', i], check);
  if (bind !== '' && isIP(bind) === 0)
    check.error('FW0402', [...path, 'bind'], `expected an IP address, found ${JSON.stringify(bind)}`);
  checkTlsMatchesProtocol(server, path, check);
  if (tls !== undefined) checkServerTls(tls, [...path, 'tls'], check);
}

/** `host`, or `namespace/host` where the namespace may be `.` or `*`. */
function checkHost(host: string, path: Path, check: Check): void {
  const parts = host.split('/');
  const [namespace = '', name = ''] = parts.length === 1 ? ['*', host] : parts;
  const isNamespace = namespace === '*' || namespace === '.' || isDnsLabel(namespace);
  if (parts.length > 2 || !isNamespace || !(isWildcardDnsName(name) || isIP(name) !== 0))
    check.error('FW0403', path, `expected a host or namespace/host, found ${JSON.stringify(host)}`);
}

export function checkListenPort(
  { number = 0, name = '', protocol = '' }: ListenPort,
  path: Path,
  code: 'FW0402' | 'FW0502' | 'FW0503',
  check: Check,
): void {
  if (number > 65535) check.error(code, [...path, 'number'], `expected a port from 1 to 65535, found ${number}`);
  if (number === 0 && code === 'FW0402')
    check.error(code, [...path, 'number'], 'expected a port from 1 to 65535, found 0');
  if (name === '' && code === 'FW0402') check.error(code, [...path, 'name'], 'expected a name, found none');
  if (parseProtocol(protocol) === 'auto' && !(protocol === '' && code !== 'FW0402'))
    check.error(
      code,
      [...path, 'protocol'],
      `expected a protocol such as HTTP, HTTPS, TLS or TCP, found ${JSON.stringify(protocol)}`,
    );
}

function checkTlsMatchesProtocol({ port, tls }: GatewayServer, path: Path, check: Check): void {
  const protocol = parseProtocol(port?.protocol ?? '');
  const setsMode = tls !== undefined && tls.httpsRedirect !== true;
  if (isTls(protocol) && tls === undefined)
    check.error('FW0404', path, `expected tls settings for protocol ${port?.protocol}, found none`);
  if (
    !isTls(protocol) &&
    protocol !== 'auto' &&
    setsMode &&
    Object.keys(tls).length > 0 &&
    (tls.mode !== undefined || (tls.credentialName ?? '') !== '')
  )
    check.error(
      'FW0404',
      [...path, 'tls'],
      `expected no tls settings for protocol ${port?.protocol}, found some: use HTTPS or TLS`,
    );
  if (tls?.httpsRedirect === true && !isHttp(protocol) && protocol !== 'HTTPS')
    check.error(
      'FW0404',
      [...path, 'tls', 'httpsRedirect'],
      `expected it only for HTTP, found it for ${port?.protocol}`,
    );
}

export function checkServerTls(tls: ServerTls, path: Path, check: Check): void {
  const {
    mode = 'PASSTHROUGH',
    serverCertificate = '',
    privateKey = '',
    caCertificates = '',
    credentialName = '',
  } = tls;
  const names = [...(credentialName === '' ? [] : [credentialName]), ...(tls.credentialNames ?? [])];
  const pairs = tls.tlsCertificates ?? [];
  const files = serverCertificate !== '' || privateKey !== '';
  const sources = [names.length > 0, files, pairs.length > 0].filter(Boolean).length;
  if (mode === 'ISTIO_MUTUAL') {
    if (sources > 0 || caCertificates !== '')
      check.error('FW0404', path, 'expected no certificates for mode ISTIO_MUTUAL, which uses those of the mesh');
  } else if (mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH') {
    if (sources > 0) check.warning('FW0404', path, `expected no certificates for mode ${mode}: they have no effect`);
  } else {
    if (sources > 1)
      check.error(
        'FW0404',
        path,
        'expected one of credentialName, credentialNames, tlsCertificates and files, found several',
      );
    if (sources === 0)
      check.error(
        'FW0404',
        path,
        `expected credentialName or serverCertificate and privateKey for mode ${mode}, found none`,
      );
    if (files && serverCertificate === '')
      check.error('FW0404', [...path, 'serverCertificate'], 'expected the path of a certificate, found none');
    if (files && privateKey === '')
      check.error('FW0404', [...path, 'privateKey'], 'expected the path of a private key, found none');
    if (
      (mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL') &&
      names.length === 0 &&
      caCertificates === '' &&
      pairs.every((pair) => (pair.caCertificates ?? '') === '')
    )
      check.error(
        'FW0404',
        [...path, 'caCertificates'],
        `expected the path of a CA bundle for mode ${mode}, found none`,
      );
  }
  const order = ['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'];
  const [least, most] = [tls.minProtocolVersion ?? 'TLS_AUTO', tls.maxProtocolVersion ?? 'TLS_AUTO'];
  if (most !== 'TLS_AUTO' && order.indexOf(least) > order.indexOf(most))
    check.error('FW0404', path, `expected minProtocolVersion not above maxProtocolVersion, found ${least} and ${most}`);
  for (const [i, hash] of (tls.verifyCertificateHash ?? []).entries())
    if (!/^([0-9a-fA-F]{2}:?){32}$/.test(hash))
      check.error('FW0404', [...path, 'verifyCertificateHash', i], 'expected 32 bytes in hexadecimal');
  for (const [i, spki] of (tls.verifyCertificateSpki ?? []).entries())
    if (Buffer.from(spki, 'base64').length !== 32)
      check.error('FW0404', [...path, 'verifyCertificateSpki', i], 'expected 32 bytes in base64');
}
