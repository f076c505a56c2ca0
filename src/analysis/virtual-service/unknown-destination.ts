/** FW1002 to FW1005: destinations that no service is, that are hidden, or that lack the port. */
import type { Config } from '../../config/config.ts';
import type { VirtualService } from '../../config/virtual-service.ts';
import type { Reader } from '../../incremental/query.ts';
import { gatewaysOf, isOnMesh } from '../../mesh/rules.ts';
import { isWildcard } from '../../model/hostname.ts';
import type { Service } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';
import { destinationsIn, type PlacedDestination } from '../destinations.ts';
import { hiddenService } from '../hidden-service.ts';
import { nearestName } from '../nearest-name.ts';
import { servicePorts } from '../service-ports.ts';
import { viewpointOf } from '../viewpoint.ts';

export function unknownDestination(mesh: AnalyzedMesh): Analyzer<Config<VirtualService>> {
  const { tables, visibility, service } = mesh;
  const { services, clusters, gateways } = tables;

  function missing(read: Reader, rule: Config<VirtualService>, { host, path }: PlacedDestination): Diagnosis {
    const hidden = hiddenService(read, mesh, host);
    const at = `${path}.host`;
    if (hidden !== undefined)
      return {
        code: 'FW1003',
        severity: 'error',
        path: at,
        message: `expected a service that namespace ${rule.namespace} sees, found ${host}, which is hidden from it: requests get 503`,
        hint: `add ${rule.namespace} to its exportTo`,
        related: [hidden],
      };
    const near = nearestName(host, read.groups(services.byHost));
    return {
      code: 'FW1002',
      severity: 'error',
      path: at,
      message: `expected a service, found none of the name ${host}: requests get 503`,
      hint:
        near === undefined
          ? 'state it by a ServiceEntry, or correct the name; a name without dots means a service of the namespace of the rule'
          : `is ${near} meant?`,
    };
  }

  /** Where nothing is said of the port, a gateway takes the only one, or that of its own listener. */
  function untoldPort(
    read: Reader,
    rule: Config<VirtualService>,
    found: Service,
    { path, host }: PlacedDestination,
  ): readonly Diagnosis[] {
    const numbers = found.ports.map(({ number }) => number);
    if (isOnMesh(rule) || numbers.length < 2) return [];
    const listening = read
      .rows(gateways, gatewaysOf(rule))
      .flatMap(({ spec }) => (spec.servers ?? []).map(({ port }) => port?.number ?? 0));
    const wrong = listening.find((number) => !numbers.includes(number));
    if (wrong === undefined) return [];
    return [
      {
        code: 'FW1005',
        severity: 'error',
        path,
        message: `expected port, as ${host} has several, found none: the gateway takes its own, ${wrong}, which the service lacks`,
        hint: `state one of ${numbers.join(', ')} as port.number`,
        related: [servicePorts(found)],
      },
    ];
  }

  function wrongPort(found: Service, { path, host, destination }: PlacedDestination): readonly Diagnosis[] {
    const number = destination.port?.number ?? 0;
    if (found.resolution === 'alias' || found.ports.some((port) => port.number === number)) return [];
    return [
      {
        code: 'FW1004',
        severity: 'error',
        path: `${path}.port`,
        message: `expected a port of ${host}, found ${number}, which it lacks: requests get 503`,
        hint: 'a destination names the port of the service, not that of its pods',
        related: [servicePorts(found)],
      },
    ];
  }

  return {
    name: 'unknownDestination',
    reads: [services, services.byHost, clusters, clusters.all, gateways, visibility, service],
    analyze(read, rule) {
      const client = viewpointOf(read, mesh, rule);
      if (client === undefined) return [];
      return destinationsIn(rule).flatMap((placed): readonly Diagnosis[] => {
        if (isWildcard(placed.host)) return [];
        const found = read.cell(service, { client, host: placed.host });
        if (found === undefined) return [missing(read, rule, placed)];
        return (placed.destination.port?.number ?? 0) === 0
          ? untoldPort(read, rule, found, placed)
          : wrongPort(found, placed);
      });
    },
  };
}
