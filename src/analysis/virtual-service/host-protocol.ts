/** FW1013 to FW1015: hosts that no service is, that do not speak what the rules are for, or lack the port of a match. */
import type { Config } from '../../config/config.ts';
import type { VirtualService } from '../../config/virtual-service.ts';
import { isOnMesh, virtualServiceHosts } from '../../mesh/rules.ts';
import { isWildcard } from '../../model/hostname.ts';
import { isHttp, isTcp, isTls, type Protocol } from '../../model/protocol.ts';
import type { Service } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis, RelatedOrigin } from '../analyzer.ts';
import { hiddenService } from '../hidden-service.ts';
import { matchesIn } from '../matches.ts';
import { servicePorts } from '../service-ports.ts';
import { viewpointOf } from '../viewpoint.ts';

/** Which ports the rules of a list are for. */
const fits: { readonly [list in 'http' | 'tls' | 'tcp']: (protocol: Protocol) => boolean } = {
  http: (protocol) => isHttp(protocol) || protocol === 'auto',
  tls: (protocol) => isTls(protocol) || protocol === 'auto',
  tcp: (protocol) => isTcp(protocol) || protocol === 'auto',
};

export function hostProtocol(mesh: AnalyzedMesh): Analyzer<Config<VirtualService>> {
  const { tables, visibility, service } = mesh;
  const { services, clusters } = tables;
  return {
    name: 'hostProtocol',
    reads: [visibility, service, services, services.byHost, clusters, clusters.all],
    analyze(read, rule) {
      if (!isOnMesh(rule)) return [];
      const client = viewpointOf(read, mesh, rule);
      if (client === undefined) return [];
      const hosts = virtualServiceHosts(rule);
      const found = hosts.map((host) => (isWildcard(host) ? undefined : read.cell(service, { client, host })));
      return [
        ...hosts.flatMap((host, i) => {
          const one = found[i];
          if (isWildcard(host)) return [];
          if (one !== undefined) return wrongProtocol(rule, one, i);
          // Beside a service that is known, a host that is not gets routes on the ports of that service too.
          const isRouted = found.some((service) => service !== undefined);
          return isRouted ? [] : [unknown(host, i, client.namespace, hiddenService(read, mesh, host))];
        }),
        ...wrongPorts(rule, found),
      ];
    },
  };
}

function unknown(host: string, i: number, namespace: string, hidden: RelatedOrigin | undefined): Diagnosis {
  const diagnosis = {
    code: 'FW1014',
    severity: 'info',
    path: `spec.hosts[${i}]`,
  } as const;
  const so = 'requests to it are routed on port 80 only';
  return hidden === undefined
    ? {
        ...diagnosis,
        message: `expected a service, found none of the name ${host}: ${so}`,
        hint: 'state it by a ServiceEntry to route it on other ports',
      }
    : {
        ...diagnosis,
        message: `expected a service that namespace ${namespace} sees, found ${host}, which is hidden from it: ${so}`,
        hint: `add ${namespace} to its exportTo`,
        related: [hidden],
      };
}

function wrongProtocol({ spec }: Config<VirtualService>, service: Service, i: number): readonly Diagnosis[] {
  const { ports, origin, resolution } = service;
  if (resolution === 'alias' || ports.length === 0) return [];
  return (['http', 'tls', 'tcp'] as const).flatMap((list): readonly Diagnosis[] => {
    if ((spec[list] ?? []).length === 0 || ports.some(({ protocol }) => fits[list](protocol))) return [];
    const spoken = ports.map(({ number, protocol }) => `${protocol} on ${number}`).join(', ');
    return [
      {
        code: 'FW1013',
        severity: 'warning',
        path: `spec.hosts[${i}]`,
        message: `expected a port for the rules in ${list}, found that ${service.hostname} speaks ${spoken}: they have no effect`,
        hint: 'a port of a Service says what it speaks by appProtocol or by its name, such as http-web',
        related: [{ origin, path: 'spec.ports', reason: `has ports for ${spoken}` }],
      },
    ];
  });
}

function wrongPorts(rule: Config<VirtualService>, services: readonly (Service | undefined)[]): readonly Diagnosis[] {
  const known = services.filter((service) => service !== undefined);
  // A wildcard may stand for services with any port, an unknown host is on port 80.
  if (known.length !== services.length || (rule.spec.gateways ?? []).length > 1) return [];
  const numbers = new Set(known.flatMap(({ ports }) => ports.map(({ number }) => number)));
  return matchesIn(rule).flatMap(({ port = 0, gateways = [], path }): readonly Diagnosis[] => {
    if (port === 0 || numbers.has(port) || gateways.length > 0) return [];
    return [
      {
        code: 'FW1015',
        severity: 'warning',
        path: `${path}.port`,
        message: `expected a port of the hosts, found ${port}: the match never fits`,
        hint: 'a match names the port of the service that was called, not that of the pods',
        related: known.map(servicePorts),
      },
    ];
  });
}
