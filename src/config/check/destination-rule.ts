/** The rules for a DestinationRule beyond its schema, as Istio's validation has them. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import type {
  ClientTls,
  ConnectionPool,
  DestinationRule,
  LoadBalancer,
  OutlierDetection,
  TrafficPolicy,
} from '../destination-rule.ts';
import { type Check, checkExportTo, checkLabels, checkSelector } from './check.ts';
import { checkClientTls, type SecretUsers } from './client-tls.ts';
import { checkConnectionPool, checkOutlierDetection } from './connection-pool.ts';
import { checkLoadBalancer, type Ejection } from './load-balancer.ts';
import { isDnsLabel, isDnsName, isWildcardDnsName } from './names.ts';

export function checkDestinationRule(spec: DestinationRule, check: Check): void {
  const { host, trafficPolicy, subsets = [], workloadSelector } = spec;
  const users = workloadSelector === undefined ? 'gateways' : 'selected-workloads';
  if (!isWildcardDnsName(host))
    check.error(
      'FW0201',
      ['spec', 'host'],
      `expected the name of a service or a wildcard, found ${JSON.stringify(host)}`,
    );
  if (trafficPolicy !== undefined) checkTrafficPolicy(check, ['spec', 'trafficPolicy'], trafficPolicy, users);
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
    checkLabels(check, [...path, 'labels'], subset.labels);
    if (subset.trafficPolicy !== undefined)
      checkTrafficPolicy(check, [...path, 'trafficPolicy'], subset.trafficPolicy, users, ejectionOf(trafficPolicy));
  }
  checkExportTo(check, spec.exportTo, { none: 'refused' });
  checkWorkloads(check, spec);
}

/** A rule for some workloads is for those of its own namespace. */
function checkWorkloads(check: Check, { workloadSelector, exportTo = [] }: DestinationRule): void {
  if (workloadSelector === undefined) return;
  checkSelector(check, ['spec', 'workloadSelector', 'matchLabels'], workloadSelector.matchLabels);
  const { namespace } = check.subject;
  if (exportTo.some((target) => target !== '.' && target !== namespace))
    check.error(
      'FW0210',
      ['spec', 'exportTo'],
      `expected only . beside a workloadSelector, found ${exportTo.join(', ')}`,
    );
}

/** What a policy may hold on every level: all traffic, a subset, a port. */
interface Policy {
  readonly loadBalancer?: LoadBalancer;
  readonly connectionPool?: ConnectionPool;
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: ClientTls;
}

function ejectionOf(policy: Policy | undefined, inherited: Ejection = 'never'): Ejection {
  return policy?.outlierDetection === undefined ? inherited : 'ejects';
}

/** The policy of a subset inherits outlier detection; settings for a port replace all others. */
function checkTrafficPolicy(
  check: Check,
  path: Path,
  policy: TrafficPolicy,
  users: SecretUsers,
  inherited: Ejection = 'never',
): void {
  if (Object.keys(policy).length === 0) {
    check.error('FW0202', path, 'expected at least one setting, found none');
    return;
  }
  checkPolicy(check, path, policy, users, ejectionOf(policy, inherited));
  const ports = new Set<number>();
  for (const [i, settings] of (policy.portLevelSettings ?? []).entries()) {
    const at = [...path, 'portLevelSettings', i];
    checkPort(check, at, settings, ports);
    checkPolicy(check, at, settings, users, ejectionOf(settings));
  }
  checkTunnel(check, path, policy);
  const budget = policy.retryBudget?.percent;
  if (budget !== undefined && (budget < 0 || budget > 100))
    check.error('FW0205', [...path, 'retryBudget', 'percent'], `expected a percentage from 0 to 100, found ${budget}`);
}

type PortSettings = NonNullable<TrafficPolicy['portLevelSettings']>[number];

function checkPort(check: Check, path: Path, { port, ...settings }: PortSettings, seen: Set<number>): void {
  const number = port?.number ?? 0;
  if (port === undefined) check.error('FW0208', path, 'expected port, found none');
  else if (number === 0)
    check.warning(
      'FW0208',
      [...path, 'port'],
      'expected the number of a port, found none: the settings have no effect',
    );
  else if (seen.has(number))
    check.warning('FW0208', [...path, 'port'], `expected each port once, found ${number} again: the first counts`);
  if (Object.keys(settings).length === 0) check.error('FW0208', path, 'expected at least one setting, found none');
  seen.add(number);
}

function checkPolicy(check: Check, path: Path, policy: Policy, users: SecretUsers, ejection: Ejection): void {
  const { loadBalancer, connectionPool, outlierDetection, tls } = policy;
  if (loadBalancer !== undefined) checkLoadBalancer(check, [...path, 'loadBalancer'], loadBalancer, ejection);
  if (connectionPool !== undefined) checkConnectionPool(check, [...path, 'connectionPool'], connectionPool);
  if (outlierDetection !== undefined) checkOutlierDetection(check, [...path, 'outlierDetection'], outlierDetection);
  if (tls !== undefined) checkClientTls(check, [...path, 'tls'], tls, users);
}

function checkTunnel(check: Check, path: Path, { tunnel, proxyProtocol }: TrafficPolicy): void {
  if (tunnel === undefined) return;
  const at = [...path, 'tunnel'];
  const { protocol = '', targetHost, targetPort } = tunnel;
  if (proxyProtocol !== undefined) check.error('FW0209', path, 'expected one of tunnel and proxyProtocol, found both');
  if (!['', 'CONNECT', 'POST'].includes(protocol))
    check.error('FW0209', [...at, 'protocol'], `expected CONNECT or POST, found ${JSON.stringify(protocol)}`);
  if (!isDnsName(targetHost) && isIP(targetHost) === 0)
    check.error(
      'FW0209',
      [...at, 'targetHost'],
      `expected a DNS name or IP address, found ${JSON.stringify(targetHost)}`,
    );
  if (targetPort < 1 || targetPort > 65535)
    check.error('FW0209', [...at, 'targetPort'], `expected a port from 1 to 65535, found ${targetPort}`);
}
