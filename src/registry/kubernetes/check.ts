/** What an API server would have refused, or what nobody would notice: for objects that people write into files. */
import { isIP } from 'node:net';
import type { Code } from '../../model/codes.ts';
import type { Finding } from '../../model/decode.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import type { Severity } from '../../model/problem.ts';
import { serviceNameLabel } from './endpoint-shard.ts';
import type { EndpointSlice, Endpoints, KubernetesService } from './schema.ts';

type Ports = NonNullable<NonNullable<KubernetesService['spec']>['ports']>;

export function checkService({ spec = {} }: KubernetesService): readonly Finding[] {
  const { type, clusterIP, clusterIPs = [], externalName = '', ports = [] } = spec;
  const add = collector('FW0801');
  if (type === 'ExternalName' && externalName === '')
    add.error('spec', 'expected externalName for a Service of type ExternalName, found none');
  const addresses = [
    ['spec.clusterIP', clusterIP] as const,
    ...clusterIPs.map((ip, i) => [`spec.clusterIPs[${i}]`, ip] as const),
  ];
  for (const [path, address = ''] of addresses)
    if (address !== '' && address !== 'None' && isIP(address) === 0)
      add.error(path, `expected an IP address or None, found ${JSON.stringify(address)}`);
  checkPorts(ports, add);
  return add.findings;
}

function checkPorts(ports: Ports, add: Collector): void {
  const names = new Set<string>();
  const numbers = new Set<string>();
  for (const [i, { name = '', port, targetPort, protocol = 'TCP' }] of ports.entries()) {
    const path = `spec.ports[${i}]`;
    if (port === 0) add.error(`${path}.port`, 'expected a port from 1 to 65535, found 0');
    if (name === '' && ports.length > 1) add.warning(path, 'expected a name for each of several ports, found none');
    else if (names.has(name)) add.warning(`${path}.name`, `expected each name once, found ${name} again`);
    else if (numbers.has(`${port}/${protocol}`))
      add.warning(`${path}.port`, `expected each port once, found ${port} again`);
    if (typeof targetPort === 'string' && /^\d+$/.test(targetPort))
      add.warning(`${path}.targetPort`, `expected a number, found ${targetPort} in quotes; it is taken for one`);
    names.add(name);
    numbers.add(`${port}/${protocol}`);
  }
}

export function checkSlice(
  { addressType = '', endpoints = [] }: EndpointSlice,
  { labels }: KubernetesObject,
): readonly Finding[] {
  const add = collector('FW0802');
  if ((labels[serviceNameLabel] ?? '') === '')
    add.warning(
      'metadata.labels',
      `expected the label ${serviceNameLabel}, found none; the slice belongs to no Service`,
    );
  if (addressType === 'FQDN') {
    add.warning('addressType', 'expected IPv4 or IPv6, found FQDN; a ServiceEntry can state endpoints by DNS name');
    return add.findings;
  }
  const family = addressType === 'IPv4' ? 4 : addressType === 'IPv6' ? 6 : undefined;
  if (family === undefined && addressType !== '')
    add.error('addressType', `expected IPv4, IPv6 or FQDN, found ${JSON.stringify(addressType)}`);
  for (const [i, { addresses }] of endpoints.entries())
    for (const [j, address] of addresses.entries())
      if (isIP(address) === 0 || (family !== undefined && isIP(address) !== family))
        add.error(
          `endpoints[${i}].addresses[${j}]`,
          `expected an address of ${addressType || 'IPv4 or IPv6'}, found ${JSON.stringify(address)}`,
        );
  return add.findings;
}

export function checkEndpoints({ subsets = [] }: Endpoints): readonly Finding[] {
  const add = collector('FW0802');
  for (const [i, subset] of subsets.entries())
    for (const list of ['addresses', 'notReadyAddresses'] as const)
      for (const [j, { ip }] of (subset[list] ?? []).entries())
        if (isIP(ip) === 0)
          add.error(`subsets[${i}].${list}[${j}].ip`, `expected an IP address, found ${JSON.stringify(ip)}`);
  return add.findings;
}

interface Collector {
  readonly findings: readonly Finding[];
  error(path: string, message: string): void;
  warning(path: string, message: string): void;
}

function collector(code: Code): Collector {
  const findings: Finding[] = [];
  const add = (severity: Severity) => (path: string, message: string) =>
    findings.push({ code, severity, path, message });
  return { findings, error: add('error'), warning: add('warning') };
}
