/** The rules for a Sidecar beyond its schema, as Istio's validation has them. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import type { EgressListener, IngressListener, Sidecar } from '../sidecar.ts';
import { type Check, isDnsLabel, isWildcardDnsName } from './check.ts';
import { checkListenPort } from './gateway.ts';
import { checkDestination } from './route.ts';

export function checkSidecar(spec: Sidecar, check: Check): void {
  const { egress = [], ingress = [], outboundTrafficPolicy, inboundConnectionPool } = spec;
  if (
    egress.length === 0 &&
    ingress.length === 0 &&
    outboundTrafficPolicy === undefined &&
    inboundConnectionPool === undefined
  )
    check.error(
      'FW0501',
      ['spec'],
      'expected ingress, egress, inboundConnectionPool or outboundTrafficPolicy, found none',
    );
  const ports = new Set<number>();
  for (const [i, listener] of ingress.entries()) checkIngress(listener, ports, ['spec', 'ingress', i], check);
  checkEgress(egress, check);
  const { mode, egressProxy } = outboundTrafficPolicy ?? {};
  if (egressProxy === undefined) return;
  const path = ['spec', 'outboundTrafficPolicy', 'egressProxy'];
  if (mode !== 'ALLOW_ANY')
    check.error('FW0504', path, `expected it only for mode ALLOW_ANY, found it for ${mode ?? 'REGISTRY_ONLY'}`);
  checkDestination(egressProxy, path, check);
}

function checkIngress(listener: IngressListener, ports: Set<number>, path: Path, check: Check): void {
  const { port, bind = '', defaultEndpoint = '', captureMode } = listener;
  if (port === undefined || (port.number ?? 0) === 0) {
    check.error('FW0503', [...path, 'port'], 'expected a port from 1 to 65535, found none');
  } else {
    checkListenPort(port, [...path, 'port'], 'FW0503', check);
    const number = port.number ?? 0;
    if (ports.has(number))
      check.error('FW0503', [...path, 'port', 'number'], `expected each port once, found ${number} again`);
    ports.add(number);
  }
  if (bind !== '' && isIP(bind) === 0)
    check.error('FW0503', [...path, 'bind'], `expected an IP address, found ${JSON.stringify(bind)}`);
  if (captureMode === 'IPTABLES' && bind !== '')
    check.error('FW0503', [...path, 'bind'], 'expected none for captureMode IPTABLES');
  if (defaultEndpoint !== '' && !isDefaultEndpoint(defaultEndpoint))
    check.error(
      'FW0503',
      [...path, 'defaultEndpoint'],
      `expected 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH, found ${defaultEndpoint}`,
    );
}

function isDefaultEndpoint(text: string): boolean {
  if (text.startsWith('unix:')) return /^unix:\/\/(\/|@)./.test(text);
  const match = /^(127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\[::\]):(\d+)$/.exec(text);
  return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65535;
}

function checkEgress(egress: readonly EgressListener[], check: Check): void {
  const places = new Set<string>();
  for (const [i, { port, bind = '', hosts = [], captureMode }] of egress.entries()) {
    const path = ['spec', 'egress', i];
    const isSocket = bind.startsWith('unix:');
    if (port === undefined) {
      if (bind !== '') check.error('FW0502', path, 'expected a port beside bind, found none');
      if (i !== egress.length - 1)
        check.error('FW0502', path, 'expected the listener without port last, and only one of them');
    } else {
      checkListenPort(port, [...path, 'port'], 'FW0502', check);
      const number = port.number ?? 0;
      if (isSocket && number !== 0)
        check.error('FW0502', [...path, 'port', 'number'], `expected 0 for a Unix socket, found ${number}`);
      if (!isSocket && number === 0)
        check.error(
          'FW0502',
          [...path, 'port', 'number'],
          'expected a port from 1 to 65535 unless bind is a Unix socket, found 0',
        );
      if (isSocket && captureMode !== undefined && captureMode !== 'DEFAULT' && captureMode !== 'NONE')
        check.error('FW0502', [...path, 'captureMode'], 'expected DEFAULT or NONE for a Unix socket');
      const place = isSocket ? bind : String(number);
      if (places.has(place)) check.error('FW0502', path, `expected each port once, found ${place} again`);
      places.add(place);
    }
    if (bind !== '' && !isSocket && isIP(bind) === 0)
      check.error('FW0502', [...path, 'bind'], `expected an IP address or unix:///PATH, found ${JSON.stringify(bind)}`);
    if (hosts.length === 0)
      check.error('FW0502', [...path, 'hosts'], 'expected at least one namespace/host, found none');
    for (const [j, host] of hosts.entries()) checkEgressHost(host, [...path, 'hosts', j], check);
  }
}

/** `namespace/host`; the namespace is a name, `.`, `*` or `~`, a leading `~` before the whole excludes. */
function checkEgressHost(text: string, path: Path, check: Check): void {
  const rest = text.startsWith('~') && text.length > 1 && text[1] !== '/' ? text.slice(1) : text;
  const [namespace = '', host, ...more] = rest.split('/');
  const isNamespace = ['.', '*', '~'].includes(namespace) || isDnsLabel(namespace);
  if (host === undefined || more.length > 0 || !isNamespace || !isWildcardDnsName(host))
    check.error('FW0502', path, `expected namespace/host, found ${JSON.stringify(text)}`);
}
