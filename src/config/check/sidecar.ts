/** The rules for a Sidecar beyond its schema, as Istio's validation has them. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import { isHttp, isTls, parseProtocol } from '../../model/protocol.ts';
import type { IngressListener, OutboundTrafficPolicy, Sidecar } from '../sidecar.ts';
import { type Check, checkSelector } from './check.ts';
import { checkConnectionPool } from './connection-pool.ts';
import { isDnsName, isUnixPath } from './names.ts';
import { checkListenPort } from './ports.ts';
import { checkDestination } from './route.ts';
import { checkServerTls } from './server-tls.ts';
import { checkEgress } from './sidecar-egress.ts';

export function checkSidecar(spec: Sidecar, check: Check): void {
  const { egress = [], ingress = [], outboundTrafficPolicy, inboundConnectionPool, workloadSelector } = spec;
  if (workloadSelector !== undefined)
    checkSelector(check, ['spec', 'workloadSelector', 'labels'], workloadSelector.labels);
  if (egress.length + ingress.length === 0 && (outboundTrafficPolicy ?? inboundConnectionPool) === undefined)
    check.error(
      'FW0501',
      ['spec'],
      'expected ingress, egress, inboundConnectionPool or outboundTrafficPolicy, found none',
    );
  const ports = new Set<number>();
  for (const [i, listener] of ingress.entries()) checkIngress(check, ['spec', 'ingress', i], listener, ports);
  if (inboundConnectionPool !== undefined)
    checkConnectionPool(check, ['spec', 'inboundConnectionPool'], inboundConnectionPool);
  checkEgress(check, egress, workloadSelector !== undefined);
  if (outboundTrafficPolicy !== undefined)
    checkOutboundPolicy(check, ['spec', 'outboundTrafficPolicy'], outboundTrafficPolicy);
}

function checkOutboundPolicy(check: Check, path: Path, { mode, egressProxy }: OutboundTrafficPolicy): void {
  if (mode === 'ALLOW_ANY_DYNAMIC_DNS')
    check.error(
      'FW0504',
      [...path, 'mode'],
      'expected REGISTRY_ONLY or ALLOW_ANY, found a mode that is for the whole mesh',
    );
  if (egressProxy === undefined) return;
  const at = [...path, 'egressProxy'];
  if (mode !== 'ALLOW_ANY')
    check.error('FW0504', at, `expected it only for mode ALLOW_ANY, found it for ${mode ?? 'REGISTRY_ONLY'}`);
  if (!isDnsName(egressProxy.host))
    check.error('FW0504', [...at, 'host'], `expected a full host name, found ${JSON.stringify(egressProxy.host)}`);
  if (egressProxy.port === undefined) check.error('FW0504', at, 'expected a port, found none');
  else checkDestination(check, at, egressProxy);
}

function checkIngress(check: Check, path: Path, listener: IngressListener, ports: Set<number>): void {
  const { port, bind = '', defaultEndpoint = '', connectionPool } = listener;
  if (port === undefined) {
    check.error('FW0503', path, 'expected a port, found none');
    return;
  }
  const number = port.number ?? 0;
  checkListenPort(check, [...path, 'port'], port, 'FW0503');
  if (number < 1 || number > 65535)
    check.error('FW0503', [...path, 'port', 'number'], `expected a port from 1 to 65535, found ${number}`);
  else if (ports.has(number))
    check.error('FW0503', [...path, 'port', 'number'], `expected each port once, found ${number} again`);
  ports.add(number);
  if (bind !== '' && isIP(bind) === 0)
    check.error('FW0503', [...path, 'bind'], `expected an IP address, found ${JSON.stringify(bind)}`);
  if (defaultEndpoint !== '' && !isDefaultEndpoint(defaultEndpoint))
    check.error(
      'FW0503',
      [...path, 'defaultEndpoint'],
      `expected 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH, found ${JSON.stringify(defaultEndpoint)}`,
    );
  checkIngressTls(check, path, listener);
  if (connectionPool === undefined) return;
  checkConnectionPool(check, [...path, 'connectionPool'], connectionPool);
  if (connectionPool.http !== undefined && !isHttp(parseProtocol(port.protocol ?? '')))
    check.warning(
      'FW0503',
      [...path, 'connectionPool', 'http'],
      `expected no http settings for protocol ${port.protocol || '(none)'}, found some: only those of tcp have effect`,
    );
}

function isDefaultEndpoint(text: string): boolean {
  if (text.startsWith('unix://')) return isUnixPath(text.slice('unix://'.length));
  const match = /^(?:127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\[::\]|):(\d+)$/.exec(text);
  return match !== null && Number(match[1]) >= 1 && Number(match[1]) <= 65535;
}

function checkIngressTls(check: Check, path: Path, { tls, port }: IngressListener): void {
  if (tls === undefined) return;
  const at = [...path, 'tls'];
  const lists = ['subjectAltNames', 'credentialNames', 'tlsCertificates'] as const;
  const found = [
    ...lists.filter((name) => (tls[name] ?? []).length > 0),
    ...((tls.credentialName ?? '') === '' ? [] : ['credentialName']),
    ...(tls.httpsRedirect === true ? ['httpsRedirect'] : []),
  ];
  if (found.length > 0)
    check.error('FW0503', at, `expected certificates from files alone, found ${found.join(' and ')}`);
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH')
    check.error('FW0503', [...at, 'mode'], `expected SIMPLE, MUTUAL or OPTIONAL_MUTUAL, found ${tls.mode}`);
  if (!isTls(parseProtocol(port?.protocol ?? '')))
    check.error(
      'FW0503',
      at,
      `expected no tls settings for protocol ${port?.protocol || '(none)'}, found some: use HTTPS or TLS`,
    );
  checkServerTls(check, at, tls);
}
