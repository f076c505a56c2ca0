/** The rules for a MeshConfig beyond its schema, as Istio's validation has them. */
import { isIP } from 'node:net';
import { isRecord, type Path } from '../../lib/schema.ts';
import type { MeshConfig } from '../mesh-config.ts';
import { type Check, checkDuration } from './check.ts';
import { checkConnectionPool, checkOutlierDetection } from './connection-pool.ts';
import { commandsProblem } from './header-value.ts';
import { checkRetry } from './http-policy.ts';
import { checkLocality } from './load-balancer.ts';
import { isDnsLabel, isDnsName, isWildcardDnsName } from './names.ts';
import { checkCurves, checkSuites } from './tls-parameters.ts';

export function checkMeshConfig(config: MeshConfig, path: Path, check: Check): void {
  const { connectTimeout, protocolDetectionTimeout, localityLbSetting, defaultTrafficPolicy } = config;
  checkDuration(check, 'FW0701', [...path, 'connectTimeout'], connectTimeout);
  if ((connectTimeout ?? 0) > 3_600_000)
    check.error('FW0701', [...path, 'connectTimeout'], `expected at most 1h, found ${connectTimeout}ms`);
  if (protocolDetectionTimeout !== undefined && protocolDetectionTimeout !== 0)
    checkDuration(check, 'FW0701', [...path, 'protocolDetectionTimeout'], protocolDetectionTimeout);
  if (localityLbSetting !== undefined) checkLocality(check, [...path, 'localityLbSetting'], localityLbSetting);
  const { connectionPool, outlierDetection } = defaultTrafficPolicy ?? {};
  const policy = [...path, 'defaultTrafficPolicy'];
  if (connectionPool !== undefined) checkConnectionPool(check, [...policy, 'connectionPool'], connectionPool);
  if (outlierDetection !== undefined) checkOutlierDetection(check, [...policy, 'outlierDetection'], outlierDetection);
  for (const name of ['defaultHttpRetryPolicy', 'defaultInboundHttpRetryPolicy'] as const) {
    const retry = config[name];
    if (retry !== undefined) checkRetry(check, [...path, name], retry);
  }
  checkNames(config, path, check);
  const { cipherSuites = [], ecdhCurves = [] } = config.tlsDefaults ?? {};
  checkSuites(check, 'FW0701', [...path, 'tlsDefaults', 'cipherSuites'], cipherSuites);
  checkCurves(check, 'FW0701', [...path, 'tlsDefaults', 'ecdhCurves'], ecdhCurves);
  checkAccessLog(config, path, check);
  checkProxies(config.defaultConfig ?? {}, [...path, 'defaultConfig'], check);
}

function checkNames(config: MeshConfig, path: Path, check: Check): void {
  const { rootNamespace = '', trustDomain = '', trustDomainAliases = [], serviceSettings = [] } = config;
  if (rootNamespace !== '' && !isDnsLabel(rootNamespace))
    check.error(
      'FW0701',
      [...path, 'rootNamespace'],
      `expected the name of a namespace, found ${JSON.stringify(rootNamespace)}`,
    );
  const domains = [
    ...(trustDomain === '' ? [] : [[[...path, 'trustDomain'], trustDomain] as const]),
    ...trustDomainAliases.map((alias, i) => [[...path, 'trustDomainAliases', i], alias] as const),
  ];
  for (const [at, domain] of domains)
    if (domain === '' || !domain.replace(/\.$/, '').split('.').every(isDnsLabel))
      check.error('FW0701', at, `expected a trust domain such as cluster.local, found ${JSON.stringify(domain)}`);
  for (const name of defaults) checkExport(check, [...path, name], config[name] ?? []);
  for (const [i, { hosts = [] }] of serviceSettings.entries())
    for (const [j, host] of hosts.entries())
      if (!isWildcardDnsName(host))
        check.error(
          'FW0701',
          [...path, 'serviceSettings', i, 'hosts', j],
          `expected a DNS name or a wildcard, found ${JSON.stringify(host)}`,
        );
}

const defaults = ['defaultServiceExportTo', 'defaultVirtualServiceExportTo', 'defaultDestinationRuleExportTo'] as const;

function checkExport(check: Check, path: Path, exportTo: readonly string[]): void {
  for (const [i, target] of exportTo.entries())
    if (!['.', '*', '~'].includes(target) && !isDnsLabel(target))
      check.error(
        'FW0701',
        [...path, i],
        `expected the name of a namespace, ., * or ~, found ${JSON.stringify(target)}`,
      );
  if (exportTo.length > 1 && (exportTo.includes('*') || exportTo.includes('~')))
    check.error('FW0701', path, `expected * or ~ alone, found ${exportTo.join(', ')}`);
}

function checkAccessLog({ accessLogEncoding, accessLogFormat = '' }: MeshConfig, path: Path, check: Check): void {
  const at = [...path, 'accessLogFormat'];
  const texts = accessLogEncoding === 'JSON' ? textsOfJson(accessLogFormat) : [accessLogFormat];
  if (texts === undefined && accessLogFormat !== '')
    check.warning(
      'FW0701',
      at,
      'expected a JSON object for the encoding JSON, found something else: the default fields are logged',
    );
  for (const text of texts ?? []) {
    // A command that Envoy does not know costs every listener.
    const problem = commandsProblem(text);
    if (problem !== undefined) check.error('FW0701', at, problem);
  }
}

/** The texts in a JSON object, at any depth; undefined for what is none. */
function textsOfJson(json: string): readonly string[] | undefined {
  const texts = (value: unknown): readonly string[] =>
    typeof value === 'string' ? [value] : isRecord(value) ? Object.values(value).flatMap(texts) : [];
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? texts(value) : undefined;
  } catch {
    return undefined;
  }
}

type ProxyDefaults = NonNullable<MeshConfig['defaultConfig']>;

function checkProxies({ discoveryAddress = '', tracing }: ProxyDefaults, path: Path, check: Check): void {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d{1,5})$/.exec(discoveryAddress) ?? [];
  const isAddress = (isDnsName(host) || isIP(host) !== 0) && Number(port) >= 1 && Number(port) <= 65535;
  if (discoveryAddress !== '' && !isAddress)
    check.error(
      'FW0701',
      [...path, 'discoveryAddress'],
      `expected host:port such as istiod.istio-system.svc:15012, found ${JSON.stringify(discoveryAddress)}`,
    );
  const { sampling } = tracing ?? {};
  if (sampling !== undefined && (sampling < 0 || sampling > 100))
    check.error('FW0701', [...path, 'tracing', 'sampling'], `expected a percentage from 0 to 100, found ${sampling}`);
}
