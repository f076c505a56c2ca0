/** The rules for ServiceEntry and WorkloadEntry beyond their schemas, as Istio's validation has them. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import { isWildcard } from '../../model/hostname.ts';
import { isHttp, isTls, parseProtocol, protocolNames } from '../../model/protocol.ts';
import type { ServiceEntry, WorkloadEntry } from '../service-entry.ts';
import { type Check, checkExportTo, isAddressOrBlock, isDnsLabel, isDnsName, isWildcardDnsName } from './check.ts';

export function checkServiceEntry(spec: ServiceEntry, check: Check): void {
  checkHosts(spec, check);
  checkAddresses(spec, check);
  checkPorts(spec, check);
  checkResolution(spec, check);
  checkExportTo(check, spec.exportTo, { none: 'allowed' });
}

function checkHosts({ hosts = [] }: ServiceEntry, check: Check): void {
  if (hosts.length === 0) check.error('FW0301', ['spec', 'hosts'], 'expected at least one host, found none');
  const seen = new Set<string>();
  for (const [i, host] of hosts.entries()) {
    const path = ['spec', 'hosts', i];
    if (host === '*') check.error('FW0301', path, 'expected a DNS name or a wildcard such as *.example.com, found *');
    else if (!isWildcardDnsName(host))
      check.error(
        'FW0301',
        path,
        `expected a DNS name or a wildcard such as *.example.com, found ${JSON.stringify(host)}`,
      );
    if (seen.has(host)) check.error('FW0301', path, `expected each host once, found ${host} again`);
    seen.add(host);
  }
}

function checkAddresses({ addresses = [], resolution = 'NONE' }: ServiceEntry, check: Check): void {
  for (const [i, address] of addresses.entries()) {
    const path = ['spec', 'addresses', i];
    if (!isAddressOrBlock(address))
      check.error('FW0302', path, `expected an IP address or block, found ${JSON.stringify(address)}`);
    else if (address.includes('/') && resolution !== 'NONE' && resolution !== 'STATIC')
      check.error('FW0302', path, `expected single addresses for resolution ${resolution}, found the block ${address}`);
  }
  if (resolution === 'DYNAMIC_DNS' && addresses.length > 0)
    check.error('FW0302', ['spec', 'addresses'], 'expected none for resolution DYNAMIC_DNS, found some');
}

function checkPorts({ ports = [], hosts = [], addresses = [], resolution = 'NONE' }: ServiceEntry, check: Check): void {
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const [i, { number, name = '', protocol = '', targetPort }] of ports.entries()) {
    const path = ['spec', 'ports', i];
    if (number < 1 || number > 65535)
      check.error('FW0303', [...path, 'number'], `expected a port from 1 to 65535, found ${number}`);
    if (numbers.has(number))
      check.error('FW0303', [...path, 'number'], `expected each number once, found ${number} again`);
    if (!isDnsLabel(name))
      check.error(
        'FW0303',
        [...path, 'name'],
        `expected a name of letters, digits and dashes, found ${JSON.stringify(name)}`,
      );
    else if (names.has(name)) check.error('FW0303', [...path, 'name'], `expected each name once, found ${name} again`);
    if (targetPort !== undefined && (targetPort < 1 || targetPort > 65535))
      check.error('FW0303', [...path, 'targetPort'], `expected a port from 1 to 65535, found ${targetPort}`);
    if (protocol !== '' && !protocolNames.includes(protocol.toLowerCase()))
      check.error(
        'FW0303',
        [...path, 'protocol'],
        `expected one of ${protocolNames.join(', ').toUpperCase()}, found ${JSON.stringify(protocol)}`,
      );
    numbers.add(number);
    names.add(name);
    const kind = parseProtocol(protocol);
    const isRoutedByName = isHttp(kind) || isTls(kind);
    if (hosts.length > 1 && addresses.length === 0 && resolution !== 'NONE' && !isRoutedByName && kind !== 'auto')
      check.error(
        'FW0303',
        path,
        `expected an HTTP or TLS port where there are several hosts and no addresses, found ${protocol}: its connections do not say which host they are for`,
      );
    if (resolution === 'DYNAMIC_DNS' && !isRoutedByName)
      check.error(
        'FW0303',
        path,
        `expected HTTP or TLS for resolution DYNAMIC_DNS, found ${protocol || 'no protocol'}`,
      );
  }
}

function checkResolution(spec: ServiceEntry, check: Check): void {
  const { resolution = 'NONE', endpoints = [], workloadSelector, hosts = [], ports = [] } = spec;
  const path = ['spec', 'endpoints'];
  if (workloadSelector !== undefined && endpoints.length > 0)
    check.error('FW0304', ['spec'], 'expected one of workloadSelector and endpoints, found both');
  if (workloadSelector !== undefined && Object.keys(workloadSelector.labels ?? {}).length === 0)
    check.warning(
      'FW0304',
      ['spec', 'workloadSelector'],
      'expected labels, found none: every workload of the namespace is taken',
    );
  if ((resolution === 'NONE' || resolution === 'DYNAMIC_DNS') && endpoints.length > 0)
    check.error('FW0304', path, `expected none for resolution ${resolution}, found ${endpoints.length}`);
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    check.error('FW0304', path, `expected at most one for resolution DNS_ROUND_ROBIN, found ${endpoints.length}`);
  if (resolution === 'DYNAMIC_DNS') {
    for (const [i, host] of hosts.entries())
      if (!isWildcard(host))
        check.error('FW0304', ['spec', 'hosts', i], `expected a wildcard for resolution DYNAMIC_DNS, found ${host}`);
  }
  const asksDns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
  if (asksDns && endpoints.length === 0 && workloadSelector === undefined) {
    for (const [i, host] of hosts.entries())
      if (!isDnsName(host))
        check.error(
          'FW0304',
          ['spec', 'hosts', i],
          `expected a full DNS name where resolution ${resolution} has no endpoints, found ${host}`,
        );
  }
  const portNames = new Set(ports.map(({ name = '' }) => name));
  for (const [i, endpoint] of endpoints.entries()) {
    const at = [...path, i];
    checkEndpoint(endpoint, at, check);
    const address = endpoint.address ?? '';
    if (resolution === 'STATIC' && isIP(address) === 0 && !address.startsWith('unix://'))
      check.error(
        'FW0304',
        [...at, 'address'],
        `expected an IP address or a unix:// path for resolution STATIC, found ${JSON.stringify(address)}`,
      );
    if (address.startsWith('unix://')) {
      if (resolution !== 'STATIC')
        check.error(
          'FW0304',
          [...at, 'address'],
          `expected a unix:// path only for resolution STATIC, found it for ${resolution}`,
        );
      if (ports.length !== 1)
        check.error(
          'FW0304',
          [...at, 'address'],
          `expected one port where an endpoint is a unix:// path, found ${ports.length}`,
        );
    }
    for (const name of Object.keys(endpoint.ports ?? {}))
      if (!portNames.has(name))
        check.error(
          'FW0304',
          [...at, 'ports', name],
          `expected the name of one of the ports ${[...portNames].join(', ')}, found ${name}`,
        );
  }
}

export function checkWorkloadEntry(spec: WorkloadEntry, check: Check): void {
  checkEndpoint(spec, ['spec'], check);
}

function checkEndpoint(
  { address = '', ports = {}, locality = '', network = '' }: WorkloadEntry,
  path: Path,
  check: Check,
): void {
  if (address === '' && network === '') check.error('FW0305', path, 'expected an address, found none');
  if (address.startsWith('unix://')) {
    if (!address.startsWith('unix:///') && !address.startsWith('unix://@'))
      check.error('FW0305', [...path, 'address'], `expected an absolute path, found ${address}`);
    if (Object.keys(ports).length > 0)
      check.error('FW0305', [...path, 'ports'], 'expected none beside a unix:// path, found some');
  } else if (address !== '' && isIP(address) === 0 && !isDnsName(address)) {
    check.error(
      'FW0305',
      [...path, 'address'],
      `expected an IP address, a DNS name or a unix:// path, found ${JSON.stringify(address)}`,
    );
  }
  for (const [name, number] of Object.entries(ports))
    if (number === 0) check.error('FW0305', [...path, 'ports', name], 'expected a port from 1 to 65535, found 0');
  const parts = locality.split('/');
  if (locality !== '' && (parts.length > 3 || parts.some((part) => part === '')))
    check.error(
      'FW0305',
      [...path, 'locality'],
      `expected region, region/zone or region/zone/subzone, found ${JSON.stringify(locality)}`,
    );
}
