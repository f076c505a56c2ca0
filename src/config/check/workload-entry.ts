/** The rules for WorkloadEntries, the endpoints of ServiceEntries, WorkloadGroups and ProxyConfigs beyond their schemas. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import type { ProxyConfig, WorkloadGroup } from '../envoy-filter.ts';
import type { WorkloadEntry } from '../service-entry.ts';
import { type Check, checkLabels, checkSelector } from './check.ts';
import { isDnsName, isHeaderName, isUnixPath } from './names.ts';
import { checkPortName } from './ports.ts';

export function checkWorkloadEntry(spec: WorkloadEntry, check: Check): void {
  checkWorkload(check, ['spec'], spec);
}

export function checkWorkload(check: Check, path: Path, workload: WorkloadEntry): void {
  const { address = '', ports = {}, locality = '', network = '', labels } = workload;
  const at = [...path, 'address'];
  if (address.startsWith('unix://')) {
    if (!isUnixPath(address.slice('unix://'.length)))
      check.error('FW0305', at, `expected the absolute path of a socket, found ${JSON.stringify(address)}`);
    if (Object.keys(ports).length > 0)
      check.error('FW0305', [...path, 'ports'], 'expected none beside a unix:// path, found some');
  } else if (address === '') {
    if (network === '') check.error('FW0305', path, 'expected an address, found none');
    else
      check.warning(
        'FW0305',
        path,
        `expected an address, found none: the gateway of network ${network} is meant to know it`,
      );
  } else if (isIP(address) === 0 && !isDnsName(address)) {
    check.error('FW0305', at, `expected an IP address, a DNS name or a unix:// path, found ${JSON.stringify(address)}`);
  }
  for (const [name, number] of Object.entries(ports)) {
    checkPortName(check, 'FW0305', [...path, 'ports', name], name);
    if (number === 0) check.error('FW0305', [...path, 'ports', name], 'expected a port from 1 to 65535, found 0');
  }
  checkLabels(check, [...path, 'labels'], labels);
  const parts = locality.split('/');
  if (locality !== '' && (parts.length > 3 || parts.includes('')))
    check.warning(
      'FW0305',
      [...path, 'locality'],
      `expected region, region/zone or region/zone/subzone, found ${JSON.stringify(locality)}`,
    );
}

export function checkProxyConfig({ selector, concurrency = 0 }: ProxyConfig, check: Check): void {
  if (selector !== undefined) checkSelector(check, ['spec', 'selector', 'matchLabels'], selector.matchLabels);
  if (concurrency < 0) check.error('FW0307', ['spec', 'concurrency'], `expected 0 or more, found ${concurrency}`);
}

export function checkWorkloadGroup({ metadata, template, probe }: WorkloadGroup, check: Check): void {
  if (template === undefined) check.error('FW0306', ['spec'], 'expected template, found none');
  checkLabels(check, ['spec', 'metadata', 'labels'], metadata?.labels);
  if (probe !== undefined) checkProbe(check, ['spec', 'probe'], probe);
}

type Probe = NonNullable<WorkloadGroup['probe']>;

function checkProbe(check: Check, path: Path, probe: Probe): void {
  const counts = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const;
  for (const name of counts)
    if ((probe[name] ?? 0) < 0) check.error('FW0306', [...path, name], `expected 0 or more, found ${probe[name]}`);
  const { httpGet, tcpSocket, exec, grpc } = probe;
  if ((httpGet ?? tcpSocket ?? exec ?? grpc) === undefined)
    check.error('FW0306', path, 'expected one of httpGet, tcpSocket, exec and grpc, found none');
  for (const [name, one] of [
    ['httpGet', httpGet],
    ['tcpSocket', tcpSocket],
    ['grpc', grpc],
  ] as const)
    if (one !== undefined && ((one.port ?? 0) < 1 || (one.port ?? 0) > 65535))
      check.error('FW0306', [...path, name, 'port'], `expected a port from 1 to 65535, found ${one.port ?? 'none'}`);
  if (!['', 'HTTP', 'HTTPS'].includes(httpGet?.scheme ?? ''))
    check.error('FW0306', [...path, 'httpGet', 'scheme'], `expected HTTP or HTTPS, found ${httpGet?.scheme}`);
  for (const [i, { name = '' }] of (httpGet?.httpHeaders ?? []).entries())
    if (!isHeaderName(name))
      check.error(
        'FW0306',
        [...path, 'httpGet', 'httpHeaders', i],
        `expected the name of a header, found ${JSON.stringify(name)}`,
      );
  if (exec !== undefined && (exec.command ?? []).length === 0)
    check.error('FW0306', [...path, 'exec', 'command'], 'expected a command, found none');
}
