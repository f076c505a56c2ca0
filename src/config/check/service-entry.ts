/** The rules for a ServiceEntry beyond its schema, as Istio's validation has them. */
import { isIP } from 'node:net';
import { isWildcard } from '../../model/hostname.ts';
import { isHttp, isTcp, isTls, parseProtocol } from '../../model/protocol.ts';
import type { ServiceEntry, ServiceEntryPort } from '../service-entry.ts';
import { type Check, checkExportTo, checkSelector } from './check.ts';
import { isAddressOrBlock, isDnsName, isPartialWildcard, isWildcardDnsName } from './names.ts';
import { checkPortName, checkProtocol } from './ports.ts';
import { checkWorkload } from './workload-entry.ts';

export function checkServiceEntry(spec: ServiceEntry, check: Check): void {
  checkHosts(spec, check);
  checkAddresses(spec, check);
  checkPorts(spec, check);
  checkTellingHostsApart(spec, check);
  checkResolution(spec, check);
  checkEndpoints(spec, check);
  checkExportTo(check, spec.exportTo, { none: 'allowed' });
}

function checkHosts({ hosts = [] }: ServiceEntry, check: Check): void {
  if (hosts.length === 0) check.error('FW0301', ['spec', 'hosts'], 'expected at least one host, found none');
  const seen = new Set<string>();
  for (const [i, host] of hosts.entries()) {
    const path = ['spec', 'hosts', i];
    const expected = 'expected a DNS name or a wildcard such as *.example.com';
    if (host === '*' || !isWildcardDnsName(host))
      check.error('FW0301', path, `${expected}, found ${JSON.stringify(host)}`);
    else if (isPartialWildcard(host))
      check.warning('FW0301', path, `${expected}, found ${host}, of which the * stands for part of a name`);
    if (seen.has(host)) check.warning('FW0301', path, `expected each host once, found ${host} again`);
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

function checkPorts(spec: ServiceEntry, check: Check): void {
  const { ports = [] } = spec;
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const [i, port] of ports.entries()) {
    const path = ['spec', 'ports', i];
    const { number, name = '', protocol = '', targetPort = 0 } = port;
    if (number < 1 || number > 65535)
      check.error('FW0303', [...path, 'number'], `expected a port from 1 to 65535, found ${number}`);
    if (numbers.has(number))
      check.error('FW0303', [...path, 'number'], `expected each number once, found ${number} again`);
    if (names.has(name)) check.error('FW0303', [...path, 'name'], `expected each name once, found ${name} again`);
    else checkPortName(check, 'FW0303', [...path, 'name'], name);
    if (targetPort > 65535)
      check.error('FW0303', [...path, 'targetPort'], `expected a port from 1 to 65535, found ${targetPort}`);
    checkProtocol(check, 'FW0303', [...path, 'protocol'], protocol);
    names.add(name);
    numbers.add(number);
  }
}

/** Requests say by their authority which host they are for, TLS connections by their SNI, others not at all. */
function isToldByName({ protocol = '' }: ServiceEntryPort): boolean {
  const kind = parseProtocol(protocol);
  return isHttp(kind) || isTls(kind);
}

function checkTellingHostsApart(spec: ServiceEntry, check: Check): void {
  const { hosts = [], ports = [], addresses = [], resolution = 'NONE' } = spec;
  for (const [i, port] of ports.entries()) {
    if (isToldByName(port)) continue;
    const path = ['spec', 'ports', i];
    const found = port.protocol || 'no protocol';
    if (hosts.length > 1 && resolution !== 'NONE')
      check.error(
        'FW0303',
        path,
        `expected HTTP or TLS where there are several hosts, found ${found}: its connections do not say which host they are for`,
      );
    if (resolution === 'DYNAMIC_DNS')
      check.error('FW0303', path, `expected HTTP or TLS for resolution DYNAMIC_DNS, found ${found}`);
    const kind = parseProtocol(port.protocol ?? '');
    if (addresses.length === 0 && resolution === 'NONE' && (kind === 'auto' || isTcp(kind)))
      check.warning(
        'FW0302',
        path,
        `expected addresses for a port that speaks ${found}, found none: it takes all connections to port ${port.number}`,
      );
  }
}

function checkResolution(spec: ServiceEntry, check: Check): void {
  const { resolution = 'NONE', endpoints = [], workloadSelector, hosts = [] } = spec;
  const path = ['spec', 'endpoints'];
  if (workloadSelector !== undefined) {
    checkSelector(check, ['spec', 'workloadSelector', 'labels'], workloadSelector.labels);
    if (spec.endpoints !== undefined)
      check.error('FW0304', ['spec'], 'expected one of workloadSelector and endpoints, found both');
    if (resolution === 'NONE')
      check.warning(
        'FW0304',
        ['spec', 'workloadSelector'],
        'expected none for resolution NONE, found one: it has no effect',
      );
  }
  if ((resolution === 'NONE' || resolution === 'DYNAMIC_DNS') && endpoints.length > 0)
    check.error('FW0304', path, `expected none for resolution ${resolution}, found ${endpoints.length}`);
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    check.error('FW0304', path, `expected at most one for resolution DNS_ROUND_ROBIN, found ${endpoints.length}`);
  const asksDns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
  for (const [i, host] of hosts.entries()) {
    const at = ['spec', 'hosts', i];
    if (resolution === 'DYNAMIC_DNS' && !isWildcard(host))
      check.error('FW0304', at, `expected a wildcard for resolution DYNAMIC_DNS, found ${host}`);
    if (asksDns && endpoints.length === 0 && !isDnsName(host))
      check.error(
        'FW0304',
        at,
        `expected a full DNS name where resolution ${resolution} has no endpoints, found ${JSON.stringify(host)}`,
      );
  }
}

function checkEndpoints({ resolution = 'NONE', endpoints = [], ports = [] }: ServiceEntry, check: Check): void {
  const portNames = new Set(ports.map(({ name = '' }) => name));
  for (const [i, endpoint] of endpoints.entries()) {
    const path = ['spec', 'endpoints', i];
    const { address = '' } = endpoint;
    const isSocket = address.startsWith('unix://');
    checkWorkload(check, path, endpoint);
    if (resolution === 'STATIC' && address !== '' && isIP(address) === 0 && !isSocket)
      check.error(
        'FW0304',
        [...path, 'address'],
        `expected an IP address or a unix:// path for resolution STATIC, found ${JSON.stringify(address)}`,
      );
    if (resolution !== 'STATIC' && (isSocket || address === ''))
      check.error(
        'FW0304',
        [...path, 'address'],
        `expected a DNS name or an IP address for resolution ${resolution}, found ${JSON.stringify(address)}`,
      );
    if (isSocket && ports.length !== 1)
      check.error(
        'FW0304',
        [...path, 'address'],
        `expected one port where an endpoint is a unix:// path, found ${ports.length}`,
      );
    for (const name of Object.keys(endpoint.ports ?? {}))
      if (!portNames.has(name))
        check.error(
          'FW0304',
          [...path, 'ports', name],
          `expected the name of one of the ports ${[...portNames].join(', ')}, found ${name}`,
        );
  }
}
