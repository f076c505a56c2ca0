/** FW1101 and FW1105: rules for hosts that no service is, and settings for ports that the service lacks. */
import type { Config } from '../../config/config.ts';
import type { DestinationRule, TrafficPolicy } from '../../config/destination-rule.ts';
import { destinationRuleHost } from '../../mesh/rules.ts';
import { covers, isWildcard } from '../../model/hostname.ts';
import type { Service } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';
import { nearestName } from '../nearest-name.ts';
import { servicePorts } from '../service-ports.ts';

export function unknownHost({ tables }: AnalyzedMesh): Analyzer<Config<DestinationRule>> {
  const { services } = tables;
  return {
    name: 'unknownHost',
    reads: [services, services.byHost],
    analyze(read, rule) {
      const host = destinationRuleHost(rule);
      const hosts = isWildcard(host) ? read.groups(services.byHost).filter((one) => covers(host, one)) : [host];
      const found = hosts.flatMap((one) => read.rows(services, read.keys(services.byHost, one)));
      if (found.length > 0) return wrongPorts(rule, found);
      const near = isWildcard(host) ? undefined : nearestName(host, read.groups(services.byHost));
      return [
        {
          code: 'FW1101',
          severity: 'warning',
          path: 'spec.host',
          message: `expected a service, found none of the name ${host}: the rule has no effect`,
          hint:
            near === undefined
              ? 'a name without dots means a service of the namespace of the rule'
              : `is ${near} meant?`,
        },
      ];
    },
  };
}

function wrongPorts({ spec }: Config<DestinationRule>, services: readonly Service[]): readonly Diagnosis[] {
  const numbers = new Set(services.flatMap(({ ports }) => ports.map(({ number }) => number)));
  const look = (policy: TrafficPolicy | undefined, path: string) =>
    (policy?.portLevelSettings ?? []).flatMap(({ port }, i): readonly Diagnosis[] => {
      const number = port?.number ?? 0;
      if (number === 0 || numbers.has(number)) return [];
      return [
        {
          code: 'FW1105',
          severity: 'warning',
          path: `${path}.portLevelSettings[${i}].port`,
          message: `expected a port of ${spec.host}, found ${number}: the settings have no effect`,
          hint: 'settings are for the port of the service, not that of its pods',
          related: services.slice(0, 3).map(servicePorts),
        },
      ];
    });
  return [
    ...look(spec.trafficPolicy, 'spec.trafficPolicy'),
    ...(spec.subsets ?? []).flatMap(({ trafficPolicy }, i) => look(trafficPolicy, `spec.subsets[${i}].trafficPolicy`)),
  ];
}
