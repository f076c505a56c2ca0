/**
 * The rules for a VirtualService beyond its schema, as Istio's validation has them. Each is an error where Istio refuses
 * the object; what merely has no effect is a warning.
 */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import { covers, isWildcard, overlaps } from '../../model/hostname.ts';
import type { TcpRoute, TlsRoute, VirtualService, WeightedDestination } from '../virtual-service.ts';
import { type Check, checkExportTo, isAddressOrBlock, isWildcardDnsName } from './check.ts';
import { checkHttpRoute } from './http-route.ts';
import { checkDestination, checkGateways, checkWeights } from './route.ts';

export function checkVirtualService(spec: VirtualService, check: Check): void {
  const isDelegate = spec.hosts === undefined || spec.hosts.length === 0;
  if (isDelegate) checkDelegate(spec, check);
  else checkHosts(spec, check);
  if ((spec.http?.length ?? 0) + (spec.tls?.length ?? 0) + (spec.tcp?.length ?? 0) === 0)
    check.error('FW0103', ['spec'], 'expected at least one rule in http, tls or tcp, found none');
  checkGateways(spec.gateways, ['spec', 'gateways'], check);
  const appliesToMesh = spec.gateways === undefined || spec.gateways.length === 0 || spec.gateways.includes('mesh');
  const scope = { isDelegate, appliesToMesh };
  for (const [i, route] of (spec.http ?? []).entries()) checkHttpRoute(route, ['spec', 'http', i], scope, check);
  for (const [i, route] of (spec.tls ?? []).entries())
    checkTlsRoute(route, spec.hosts ?? [], ['spec', 'tls', i], check);
  for (const [i, route] of (spec.tcp ?? []).entries()) checkTcpRoute(route, ['spec', 'tcp', i], check);
  checkExportTo(check, spec.exportTo, { none: 'refused' });
}

function checkDelegate(spec: VirtualService, check: Check): void {
  const none = 'expected none in a VirtualService without hosts, which is a delegate';
  if (spec.gateways !== undefined && spec.gateways.length > 0)
    check.error('FW0117', ['spec', 'gateways'], `${none}; found some`);
  for (const part of ['tls', 'tcp'] as const)
    if ((spec[part]?.length ?? 0) > 0) check.error('FW0117', ['spec', part], `${none}; found some`);
  if ((spec.http?.length ?? 0) === 0)
    check.error('FW0101', ['spec', 'hosts'], 'expected at least one host, found none');
}

function checkHosts({ hosts = [], gateways = [] }: VirtualService, check: Check): void {
  const onMesh = gateways.length === 0 || gateways.includes('mesh');
  for (const [i, host] of hosts.entries()) {
    const path = ['spec', 'hosts', i];
    if (host === '*' && onMesh)
      check.error('FW0101', path, 'expected a host other than * for the mesh: name the gateways that it is meant for');
    else if (!isWildcardDnsName(host) && isIP(host) === 0)
      check.error(
        'FW0101',
        path,
        `expected a DNS name, a wildcard such as *.example.com or an IP address, found ${JSON.stringify(host)}`,
      );
    const earlier = hosts.slice(0, i).find((other) => overlaps(other.toLowerCase(), host.toLowerCase()));
    if (earlier !== undefined)
      check.error('FW0102', path, `expected hosts that do not overlap, found ${host} beside ${earlier}`);
  }
}

interface L4Match {
  readonly destinationSubnets?: readonly string[];
  readonly gateways?: readonly string[];
  readonly sourceSubnet?: string;
}

function checkL4Match({ destinationSubnets = [], gateways, sourceSubnet }: L4Match, path: Path, check: Check): void {
  for (const [i, block] of destinationSubnets.entries())
    if (!isAddressOrBlock(block))
      check.error(
        'FW0107',
        [...path, 'destinationSubnets', i],
        `expected an IP address or block, found ${JSON.stringify(block)}`,
      );
  checkGateways(gateways, [...path, 'gateways'], check);
  if (sourceSubnet !== undefined && sourceSubnet !== '')
    check.warning(
      'FW0009',
      [...path, 'sourceSubnet'],
      'sourceSubnet has no effect: use sourceLabels or sourceNamespace',
    );
}

function checkL4Route(route: readonly WeightedDestination[] | undefined, path: Path, check: Check): void {
  if (route === undefined || route.length === 0) {
    check.error('FW0121', path, 'expected at least one destination, found none');
    return;
  }
  for (const [i, { destination }] of route.entries()) checkDestination(destination, [...path, i, 'destination'], check);
  checkWeights(route, path, check);
}

function checkTlsRoute({ match = [], route }: TlsRoute, hosts: readonly string[], path: Path, check: Check): void {
  if (match.length === 0) check.error('FW0118', path, 'expected at least one match with sniHosts, found none');
  for (const [i, one] of match.entries()) {
    const at = [...path, 'match', i];
    const { sniHosts = [] } = one;
    if (sniHosts.length === 0) check.error('FW0118', at, 'expected at least one name in sniHosts, found none');
    for (const [j, sni] of sniHosts.entries()) {
      if (!isWildcardDnsName(sni) && isIP(sni) === 0)
        check.error('FW0118', [...at, 'sniHosts', j], `expected a DNS name or wildcard, found ${JSON.stringify(sni)}`);
      else if (isIP(sni) !== 0)
        check.warning(
          'FW0118',
          [...at, 'sniHosts', j],
          `expected a DNS name, found ${sni}: clients send no IP address as SNI`,
        );
      if (!hosts.some((host) => covers(host.toLowerCase(), sni.toLowerCase()) || (isWildcard(sni) && host === sni)))
        check.error(
          'FW0118',
          [...at, 'sniHosts', j],
          `expected a name among the hosts ${hosts.join(', ')}, found ${sni}`,
        );
    }
    checkL4Match(one, at, check);
  }
  checkL4Route(route, [...path, 'route'], check);
}

function checkTcpRoute({ match = [], route }: TcpRoute, path: Path, check: Check): void {
  for (const [i, one] of match.entries()) checkL4Match(one, [...path, 'match', i], check);
  checkL4Route(route, [...path, 'route'], check);
}
