/** The rules for a DestinationRule beyond its schema, as Istio's validation has them. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import type {
  ClientTls,
  ConnectionPool,
  DestinationRule,
  LoadBalancer,
  LocalityLoadBalancing,
  OutlierDetection,
  TrafficPolicy,
} from '../destination-rule.ts';
import { type Check, checkExportTo, isDnsLabel, isDnsName, isWildcardDnsName } from './check.ts';

export function checkDestinationRule(spec: DestinationRule, check: Check): void {
  const { host, trafficPolicy, subsets = [], exportTo, workloadSelector } = spec;
  if (!isWildcardDnsName(host) && isIP(host) === 0)
    check.error(
      'FW0201',
      ['spec', 'host'],
      `expected the name of a service or a wildcard, found ${JSON.stringify(host)}`,
    );
  if (trafficPolicy !== undefined) checkTrafficPolicy(trafficPolicy, ['spec', 'trafficPolicy'], check);
  const seen = new Set<string>();
  for (const [i, subset] of subsets.entries()) {
    const path = ['spec', 'subsets', i];
    if (!isDnsLabel(subset.name))
      check.error(
        'FW0203',
        [...path, 'name'],
        `expected a name of letters, digits and dashes, found ${JSON.stringify(subset.name)}`,
      );
    if (seen.has(subset.name))
      check.error('FW0203', [...path, 'name'], `expected each name once, found ${subset.name} again`);
    seen.add(subset.name);
    for (const [key, value] of Object.entries(subset.labels ?? {}))
      if (!/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(value) || value.length > 63)
        check.error(
          'FW0203',
          [...path, 'labels', key],
          `expected the value of a Kubernetes label, found ${JSON.stringify(value)}`,
        );
    if (subset.trafficPolicy !== undefined) checkTrafficPolicy(subset.trafficPolicy, [...path, 'trafficPolicy'], check);
  }
  checkExportTo(check, exportTo, { none: 'refused' });
  if (workloadSelector !== undefined && (exportTo ?? []).some((target) => target !== '.'))
    check.error(
      'FW0210',
      ['spec', 'exportTo'],
      `expected only . beside a workloadSelector, found ${exportTo?.join(', ')}`,
    );
}

/** What a policy may hold on every level: all traffic, a subset, a port. */
interface Policy {
  readonly loadBalancer?: LoadBalancer;
  readonly connectionPool?: ConnectionPool;
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: ClientTls;
}

function checkTrafficPolicy(policy: TrafficPolicy, path: Path, check: Check): void {
  if (Object.keys(policy).length === 0) {
    check.error('FW0202', path, 'expected at least one setting, found none');
    return;
  }
  checkPolicy(policy, path, check);
  const ports = new Set<number>();
  for (const [i, settings] of (policy.portLevelSettings ?? []).entries()) {
    const at = [...path, 'portLevelSettings', i];
    const number = settings.port?.number ?? 0;
    if (number === 0) check.error('FW0208', [...at, 'port'], 'expected the number of a port, found none');
    else if (ports.has(number))
      check.error('FW0208', [...at, 'port'], `expected each port once, found ${number} again`);
    ports.add(number);
    checkPolicy(settings, at, check);
  }
  const { tunnel, proxyProtocol, retryBudget } = policy;
  if (tunnel !== undefined) {
    if (proxyProtocol !== undefined)
      check.error('FW0209', path, 'expected one of tunnel and proxyProtocol, found both');
    if (!['', 'CONNECT', 'POST'].includes(tunnel.protocol ?? ''))
      check.error(
        'FW0209',
        [...path, 'tunnel', 'protocol'],
        `expected CONNECT or POST, found ${JSON.stringify(tunnel.protocol)}`,
      );
    if (!isDnsName(tunnel.targetHost) && isIP(tunnel.targetHost) === 0)
      check.error(
        'FW0209',
        [...path, 'tunnel', 'targetHost'],
        `expected a DNS name or IP address, found ${JSON.stringify(tunnel.targetHost)}`,
      );
    if (tunnel.targetPort < 1 || tunnel.targetPort > 65535)
      check.error(
        'FW0209',
        [...path, 'tunnel', 'targetPort'],
        `expected a port from 1 to 65535, found ${tunnel.targetPort}`,
      );
  }
  const budget = retryBudget?.percent;
  if (budget !== undefined && (budget < 0 || budget > 100))
    check.error('FW0205', [...path, 'retryBudget', 'percent'], `expected a percentage from 0 to 100, found ${budget}`);
}

function checkPolicy({ loadBalancer, connectionPool, outlierDetection, tls }: Policy, path: Path, check: Check): void {
  if (loadBalancer !== undefined) checkLoadBalancer(loadBalancer, [...path, 'loadBalancer'], check);
  if (connectionPool !== undefined) checkConnectionPool(connectionPool, [...path, 'connectionPool'], check);
  if (outlierDetection !== undefined) checkOutlierDetection(outlierDetection, [...path, 'outlierDetection'], check);
  if (tls !== undefined) checkClientTls(tls, [...path, 'tls'], check);
}

const largestMaglevTable = 5_000_011;

function checkLoadBalancer(loadBalancer: LoadBalancer, path: Path, check: Check): void {
  const { consistentHash, localityLbSetting, zoneAwareLbSetting, warmup } = loadBalancer;
  if (consistentHash !== undefined) {
    const keys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;
    const at = [...path, 'consistentHash'];
    if (keys.every((key) => consistentHash[key] === undefined))
      check.error('FW0204', at, `expected one of ${keys.join(', ')}, found none`);
    if (consistentHash.httpHeaderName === '')
      check.error('FW0204', [...at, 'httpHeaderName'], 'expected the name of a header, found an empty text');
    const { tableSize } = consistentHash.maglev ?? {};
    if (tableSize !== undefined && (tableSize >= largestMaglevTable || !isPrime(tableSize)))
      check.error(
        'FW0204',
        [...at, 'maglev', 'tableSize'],
        `expected a prime number below ${largestMaglevTable}, found ${tableSize}`,
      );
    const cookie = consistentHash.httpCookie;
    if (cookie !== undefined && cookie.name === '')
      check.error('FW0204', [...at, 'httpCookie', 'name'], 'expected the name of a cookie, found an empty text');
    if ((cookie?.ttl ?? 0) < 0)
      check.error('FW0204', [...at, 'httpCookie', 'ttl'], 'expected 0 or more, found a negative duration');
  }
  if (localityLbSetting !== undefined && zoneAwareLbSetting !== undefined)
    check.error('FW0204', path, 'expected one of localityLbSetting and zoneAwareLbSetting, found both');
  if (localityLbSetting !== undefined) checkLocality(localityLbSetting, [...path, 'localityLbSetting'], check);
  if (warmup !== undefined) {
    const { minimumPercent = 10, aggression = 1 } = warmup;
    if (minimumPercent < 0 || minimumPercent > 100)
      check.error('FW0204', [...path, 'warmup', 'minimumPercent'], `expected 0 to 100, found ${minimumPercent}`);
    if (aggression < 1)
      check.error('FW0204', [...path, 'warmup', 'aggression'], `expected 1 or more, found ${aggression}`);
  }
}

function isPrime(n: number): boolean {
  if (n < 2) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

export function checkLocality(
  { distribute = [], failover = [], failoverPriority = [] }: LocalityLoadBalancing,
  path: Path,
  check: Check,
): void {
  if (distribute.length > 0 && (failover.length > 0 || failoverPriority.length > 0))
    check.error('FW0204', path, 'expected distribute or failover, found both');
  const sources = new Set<string>();
  for (const [i, { from = '', to = {} }] of distribute.entries()) {
    const at = [...path, 'distribute', i];
    const weights = Object.values(to);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (weights.some((weight) => weight < 1 || weight > 100))
      check.error('FW0204', [...at, 'to'], 'expected weights from 1 to 100');
    if (sum !== 100) check.error('FW0204', [...at, 'to'], `expected weights that add up to 100, found ${sum}`);
    if (sources.has(from)) check.error('FW0204', [...at, 'from'], `expected each locality once, found ${from} again`);
    sources.add(from);
  }
  const regions = new Set<string>();
  for (const [i, { from = '', to = '' }] of failover.entries()) {
    const at = [...path, 'failover', i];
    if (from === '' || to === '' || from === to)
      check.error(
        'FW0204',
        at,
        `expected two different regions, found from ${JSON.stringify(from)} to ${JSON.stringify(to)}`,
      );
    if (`${from}${to}`.includes('/') || `${from}${to}`.includes('*'))
      check.error('FW0204', at, `expected regions alone, found ${from} and ${to}`);
    if (regions.has(from)) check.error('FW0204', [...at, 'from'], `expected each region once, found ${from} again`);
    regions.add(from);
  }
}

function checkConnectionPool(pool: ConnectionPool, path: Path, check: Check): void {
  const { tcp, http } = pool;
  if (tcp === undefined && http === undefined) check.error('FW0205', path, 'expected tcp or http, found none');
  for (const [part, settings] of [
    ['tcp', tcp],
    ['http', http],
  ] as const) {
    if (settings === undefined) continue;
    if (Object.keys(settings).length === 0)
      check.error('FW0205', [...path, part], 'expected at least one setting, found none');
    for (const [name, value] of Object.entries(settings))
      if (typeof value === 'number' && value < 0)
        check.error('FW0205', [...path, part, name], `expected 0 or more, found ${value}`);
  }
  if (tcp?.connectTimeout !== undefined && tcp.connectTimeout < 1)
    check.error('FW0205', [...path, 'tcp', 'connectTimeout'], `expected at least 1ms, found ${tcp.connectTimeout}ms`);
  if (http?.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true)
    check.error(
      'FW0205',
      [...path, 'http'],
      'expected one of h2UpgradePolicy UPGRADE and useClientProtocol, found both',
    );
}

function checkOutlierDetection(outlier: OutlierDetection, path: Path, check: Check): void {
  for (const name of ['interval', 'baseEjectionTime'] as const) {
    const value = outlier[name];
    if (value !== undefined && value < 1)
      check.error('FW0206', [...path, name], `expected at least 1ms, found ${value}ms`);
  }
  for (const name of ['maxEjectionPercent', 'minHealthPercent'] as const) {
    const value = outlier[name];
    if (value !== undefined && (value < 0 || value > 100))
      check.error('FW0206', [...path, name], `expected 0 to 100, found ${value}`);
  }
  if (outlier.consecutiveErrors !== undefined)
    check.warning(
      'FW0009',
      [...path, 'consecutiveErrors'],
      'consecutiveErrors has no effect: use consecutive5xxErrors or consecutiveGatewayErrors',
    );
  if (outlier.splitExternalLocalOriginErrors !== true && (outlier.consecutiveLocalOriginFailures ?? 0) > 0)
    check.error(
      'FW0206',
      [...path, 'consecutiveLocalOriginFailures'],
      'expected splitExternalLocalOriginErrors: true beside it, without which it does nothing',
    );
}

function checkClientTls(tls: ClientTls, path: Path, check: Check): void {
  const { mode = 'DISABLE', clientCertificate = '', privateKey = '', caCertificates = '', credentialName = '' } = tls;
  const files = [clientCertificate, privateKey, caCertificates].some((file) => file !== '');
  if (mode === 'MUTUAL' && credentialName === '' && (clientCertificate === '' || privateKey === ''))
    check.error('FW0207', path, 'expected clientCertificate and privateKey, or credentialName, for mode MUTUAL');
  if (credentialName !== '' && files)
    check.error('FW0207', path, 'expected credentialName or certificate files, found both');
  if (mode === 'ISTIO_MUTUAL' && (files || credentialName !== ''))
    check.error('FW0207', path, 'expected no certificates for mode ISTIO_MUTUAL, which uses those of the mesh');
}
