/**
 * The rules for a VirtualService beyond its schema, as Istio's validation has them. Each is an error where Istio refuses
 * the object; what merely has no effect is a warning.
 */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import { covers } from '../../model/hostname.ts';
import type { TcpRoute, TlsRoute, VirtualService, WeightedDestination } from '../virtual-service.ts';
import { type Check, checkExportTo, checkLabels } from './check.ts';
import { checkHttpRoute } from './http-route.ts';
import { isAddressOrBlock, isPartialWildcard, isWildcardDnsName } from './names.ts';
import { checkDestination, checkGateways, checkMatchPort, checkWeights } from './route.ts';
import { checkUnreachable } from './unreachable.ts';

export function checkVirtualService(spec: VirtualService, check: Check): void {
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [] } = spec;
  const isDelegate = hosts.length === 0;
  if (isDelegate) checkDelegate(spec, check);
  else checkHosts(spec, check);
  if (http.length + tls.length + tcp.length === 0)
    check.error('FW0103', ['spec'], 'expected at least one rule in http, tls or tcp, found none');
  checkGateways(check, ['spec', 'gateways'], gateways);
  const claims = isForMesh(spec) ? 'unknown' : 'known';
  for (const [i, route] of http.entries()) checkHttpRoute(check, ['spec', 'http', i], route, { isDelegate, claims });
  for (const [i, route] of tls.entries()) checkTlsRoute(check, ['spec', 'tls', i], route, spec);
  for (const [i, route] of tcp.entries()) checkTcpRoute(check, ['spec', 'tcp', i], route);
  checkExportTo(check, spec.exportTo, { none: 'refused' });
  checkUnreachable(check, spec);
}

function isForMesh({ gateways = [] }: VirtualService): boolean {
  return gateways.length === 0 || gateways.includes('mesh');
}

function checkDelegate(spec: VirtualService, check: Check): void {
  const none = 'expected none in a VirtualService without hosts, which is a delegate';
  for (const part of ['gateways', 'tls', 'tcp'] as const)
    if ((spec[part]?.length ?? 0) > 0) check.error('FW0117', ['spec', part], `${none}; found some`);
  if ((spec.http?.length ?? 0) === 0)
    check.error('FW0101', ['spec', 'hosts'], 'expected at least one host, found none');
}

function checkHosts(spec: VirtualService, check: Check): void {
  const { hosts = [] } = spec;
  const forMesh = isForMesh(spec);
  for (const [i, host] of hosts.entries()) {
    const path = ['spec', 'hosts', i];
    if (host === '*' && forMesh)
      check.error('FW0101', path, 'expected a host other than * for the mesh: name the gateways that it is meant for');
    else if (!isWildcardDnsName(host) && isIP(host) === 0 && !isForeignCluster(host, spec))
      check.error(
        'FW0101',
        path,
        `expected a DNS name, a wildcard such as *.example.com or an IP address, found ${JSON.stringify(host)}`,
      );
    else if (forMesh && isPartialWildcard(host))
      check.warning(
        'FW0009',
        path,
        `expected a wildcard for whole labels such as *.example.com, found ${host}: this version uses others on gateways only`,
      );
  }
  checkOverlaps(hosts, check);
}

/** `outbound_.80_._.host`, the server name by which gateways of several clusters pass connections on to each other. */
function isForeignCluster(host: string, spec: VirtualService): boolean {
  return !isForMesh(spec) && (spec.tls ?? []).length > 0 && /^outbound_\.[0-8]/.test(host);
}

/** Every host is looked up among those before it, by each of its endings, so that long lists take no longer than that. */
function checkOverlaps(hosts: readonly string[], check: Check): void {
  const seen = new Map<string, string>();
  /** For the ending of each wildcard so far, the wildcard; for every ending of each host so far, the host. */
  const wildcards = new Map<string, string>();
  const byEnding = new Map<string, string>();
  for (const [i, host] of hosts.entries()) {
    const name = host.toLowerCase();
    const isWild = name.startsWith('*');
    const ending = isWild ? name.slice(1) : name;
    const endings = Array.from({ length: Math.min(ending.length, 255) + 1 }, (_, at) => ending.slice(at));
    const earlier =
      seen.get(name) ??
      endings.map((part) => wildcards.get(part)).find((other) => other !== undefined) ??
      (isWild ? byEnding.get(ending) : undefined);
    if (earlier !== undefined)
      check.error(
        'FW0102',
        ['spec', 'hosts', i],
        `expected hosts that do not overlap, found ${host} beside ${earlier}`,
      );
    if (!seen.has(name)) seen.set(name, host);
    if (isWild && !wildcards.has(ending)) wildcards.set(ending, host);
    for (const part of endings) if (!byEnding.has(part)) byEnding.set(part, host);
  }
}

interface L4Match {
  readonly destinationSubnets?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: { readonly [key: string]: string };
  readonly gateways?: readonly string[];
  readonly sourceSubnet?: string;
}

function checkL4Match(check: Check, path: Path, match: L4Match): void {
  const { destinationSubnets = [], port, sourceLabels, gateways, sourceSubnet = '' } = match;
  for (const [i, block] of destinationSubnets.entries())
    if (!isAddressOrBlock(block))
      check.error(
        'FW0107',
        [...path, 'destinationSubnets', i],
        `expected an IP address or block, found ${JSON.stringify(block)}`,
      );
  checkMatchPort(check, [...path, 'port'], port);
  checkLabels(check, [...path, 'sourceLabels'], sourceLabels);
  checkGateways(check, [...path, 'gateways'], gateways);
  if (sourceSubnet !== '')
    check.warning(
      'FW0009',
      [...path, 'sourceSubnet'],
      'sourceSubnet has no effect: use sourceLabels or sourceNamespace',
    );
}

function checkL4Route(check: Check, path: Path, route: readonly WeightedDestination[] | undefined): void {
  if (route === undefined || route.length === 0) {
    check.error('FW0121', path, 'expected at least one destination, found none');
    return;
  }
  for (const [i, { destination }] of route.entries()) checkDestination(check, [...path, i, 'destination'], destination);
  checkWeights(check, path, route);
}

function checkTlsRoute(check: Check, path: Path, { match = [], route }: TlsRoute, spec: VirtualService): void {
  if (match.length === 0) check.error('FW0118', path, 'expected at least one match with sniHosts, found none');
  for (const [i, one] of match.entries()) {
    const at = [...path, 'match', i];
    const { sniHosts = [] } = one;
    if (sniHosts.length === 0) check.error('FW0118', at, 'expected at least one name in sniHosts, found none');
    for (const [j, sni] of sniHosts.entries()) checkSni(check, [...at, 'sniHosts', j], sni, spec);
    checkL4Match(check, at, one);
  }
  checkL4Route(check, [...path, 'route'], route);
}

function checkSni(check: Check, path: Path, sni: string, spec: VirtualService): void {
  const { hosts = [] } = spec;
  if (isIP(sni) !== 0)
    check.warning('FW0118', path, `expected a DNS name, found ${sni}: clients send no IP address as SNI`);
  else if (!isWildcardDnsName(sni) && !isForeignCluster(sni, spec))
    check.error('FW0118', path, `expected a DNS name or wildcard, found ${JSON.stringify(sni)}`);
  else if (!hosts.some((host) => covers(host.toLowerCase(), sni.toLowerCase())))
    check.error('FW0118', path, `expected a name among the hosts ${hosts.slice(0, 10).join(', ')}, found ${sni}`);
}

function checkTcpRoute(check: Check, path: Path, { match = [], route }: TcpRoute): void {
  for (const [i, one] of match.entries()) checkL4Match(check, [...path, 'match', i], one);
  checkL4Route(check, [...path, 'route'], route);
}
