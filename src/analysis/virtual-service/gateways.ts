/** FW1007 to FW1009: Gateways that are not there, that do not take the host, or that the rule is not on. */
import type { Config } from '../../config/config.ts';
import type { Gateway } from '../../config/gateway.ts';
import type { VirtualService } from '../../config/virtual-service.ts';
import type { Reader } from '../../incremental/query.ts';
import { hostsFor } from '../../mesh/gateway-plan.ts';
import { gatewayName, gatewaysOf, virtualServiceHosts } from '../../mesh/rules.ts';
import { overlaps } from '../../model/hostname.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';
import { matchesIn } from '../matches.ts';

export function virtualServiceGateways({ tables }: AnalyzedMesh): Analyzer<Config<VirtualService>> {
  const { gateways } = tables;

  function missing(read: Reader, rule: Config<VirtualService>): readonly Diagnosis[] {
    return gatewaysOf(rule).flatMap((key, i): readonly Diagnosis[] => {
      if (key === 'mesh' || read.row(gateways, key) !== undefined) return [];
      const name = key.slice(key.indexOf('/') + 1);
      const others = read.rows(gateways, read.keys(gateways.all, '')).filter((gateway) => gateway.name === name);
      return [
        {
          code: 'FW1007',
          severity: 'error',
          path: `spec.gateways[${i}]`,
          message: `expected a Gateway, found none of the name ${key}: nothing is routed there`,
          ...(others[0] === undefined ? {} : { hint: `is ${others[0].namespace}/${name} meant?` }),
          related: others.map(({ origin }) => ({ origin, reason: 'has that name in another namespace' })),
        },
      ];
    });
  }

  /** Hosts that no server of a Gateway takes from the rule's namespace. */
  function refused(read: Reader, rule: Config<VirtualService>): readonly Diagnosis[] {
    const found = read.rows(
      gateways,
      gatewaysOf(rule).filter((key) => key !== 'mesh'),
    );
    if (found.length === 0) return [];
    return virtualServiceHosts(rule).flatMap((host, i): readonly Diagnosis[] => {
      if (found.some((gateway) => takes(gateway, host, rule.namespace))) return [];
      return [
        {
          code: 'FW1008',
          severity: 'error',
          path: `spec.hosts[${i}]`,
          message: `expected a host that one of its Gateways takes from namespace ${rule.namespace}, found ${host}: nothing is routed there`,
          hint: 'add the host to a server of the Gateway, or name the Gateway that has it',
          related: found.map(({ origin, spec }) => ({
            origin,
            path: 'spec.servers',
            reason: `takes ${(spec.servers ?? []).flatMap(({ hosts = [] }) => hosts).join(', ')}`,
          })),
        },
      ];
    });
  }

  return {
    name: 'virtualServiceGateways',
    reads: [gateways, gateways.all],
    analyze: (read, rule) => [...missing(read, rule), ...refused(read, rule), ...elsewhere(rule)],
  };
}

function takes({ spec, namespace }: Config<Gateway>, host: string, ruleNamespace: string): boolean {
  return (spec.servers ?? [])
    .flatMap((server) => hostsFor({ server, namespace }, ruleNamespace))
    .some((name) => overlaps(name, host));
}

/** Matches for gateways that the rule as a whole is not for. */
function elsewhere(rule: Config<VirtualService>): readonly Diagnosis[] {
  const own = new Set(gatewaysOf(rule));
  // What a delegate is for, its roots say.
  if ((rule.spec.hosts ?? []).length === 0) return [];
  return matchesIn(rule).flatMap(({ gateways = [], path }): readonly Diagnosis[] => {
    const names = gateways.map((gateway) => gatewayName(gateway, rule.namespace));
    if (names.length === 0 || names.some((name) => own.has(name))) return [];
    return [
      {
        code: 'FW1009',
        severity: 'warning',
        path: `${path}.gateways`,
        message: `expected gateways among those of the rule (${[...own].join(', ')}), found ${names.join(', ')}: the match never fits`,
        hint: 'add the gateway to spec.gateways',
      },
    ];
  });
}
