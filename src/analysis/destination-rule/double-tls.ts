/**
 * FW1106: TLS that is started for connections that are TLS already. A port that an HTTP route leads to is none of these: what
 * comes that way is plain until it leaves, as where Istio's tasks let an egress gateway start TLS on the port of HTTPS.
 */

import type { Config } from '../../config/config.ts';
import type { DestinationRule } from '../../config/destination-rule.ts';
import type { Reader } from '../../incremental/query.ts';
import { servicesOf } from '../../mesh/merged-services.ts';
import { destinationRuleHost } from '../../mesh/rules.ts';
import { isWildcard } from '../../model/hostname.ts';
import { isTls } from '../../model/protocol.ts';
import type { Service } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function doubleTls({ tables, knowledge }: AnalyzedMesh): Analyzer<Config<DestinationRule>> {
  const { services, clusters } = tables;
  const { httpRulesByDestination } = knowledge;
  const isRouted = (read: Reader, { hostname, ports }: Service, port: number) =>
    [port, ...(ports.length === 1 ? [0] : [])].some(
      (number) => read.keys(httpRulesByDestination, `${hostname}:${number}`).length > 0,
    );
  return {
    name: 'doubleTls',
    reads: [services, services.byHost, clusters, clusters.all, httpRulesByDestination],
    analyze(read, rule) {
      const host = destinationRuleHost(rule);
      if (isWildcard(host)) return [];
      const [service] = servicesOf(read, tables, host, '');
      return service === undefined ? [] : look(rule, service, (port) => isRouted(read, service, port));
    },
  };
}

/** On each port the settings for it count, else those for all. */
function look(
  { spec }: Config<DestinationRule>,
  { ports, origin }: Service,
  isRouted: (port: number) => boolean,
): readonly Diagnosis[] {
  const { tls, portLevelSettings = [] } = spec.trafficPolicy ?? {};
  return ports.flatMap(({ number, protocol }): readonly Diagnosis[] => {
    const i = portLevelSettings.findIndex(({ port }) => port?.number === number);
    const mode = (i < 0 ? tls : portLevelSettings[i]?.tls)?.mode ?? 'DISABLE';
    if (!isTls(protocol) || (mode !== 'SIMPLE' && mode !== 'MUTUAL') || isRouted(number)) return [];
    return [
      {
        code: 'FW1106',
        severity: 'warning',
        path: `spec.trafficPolicy.${i < 0 ? '' : `portLevelSettings[${i}].`}tls`,
        message: `expected a port whose clients do not speak TLS themselves, found ${number}, which is for ${protocol}: what is sent there is encrypted twice`,
        hint: 'let the port say HTTP if applications send plain HTTP to it, or take tls out of the rule',
        related: [{ origin, path: 'spec.ports', reason: `says that port ${number} is for ${protocol}` }],
      },
    ];
  });
}
