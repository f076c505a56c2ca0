/** FW0405: servers that an older server leaves no place for. */
import { byAge, type Config, configKey } from '../../config/config.ts';
import type { Gateway } from '../../config/gateway.ts';
import type { Reader } from '../../incremental/query.ts';
import { planGateways } from '../../mesh/gateway-plan.ts';
import type { Labels } from '../../model/labels.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function gatewayConflict({ tables, knowledge }: AnalyzedMesh): Analyzer<Config<Gateway>> {
  const { gateways } = tables;

  /** Gateways that want one of its ports and whose selectors one workload can fit. */
  function rivals(read: Reader, gateway: Config<Gateway>): readonly Config<Gateway>[] {
    const ports = new Set((gateway.spec.servers ?? []).map(({ port }) => String(port?.number ?? 0)));
    const keys = new Set([...ports].flatMap((port) => read.keys(knowledge.gatewaysByPort, port)));
    return read
      .rows(gateways, [...keys])
      .filter((other) => canMeet(gateway.spec.selector ?? {}, other.spec.selector ?? {}))
      .sort(byAge);
  }

  return {
    name: 'gatewayConflict',
    reads: [gateways, knowledge.gatewaysByPort],
    analyze(read, gateway) {
      const all = rivals(read, gateway);
      const own = configKey(gateway);
      const { conflicts } = planGateways(all, (_, port) => [port]);
      return conflicts.flatMap(({ gateway: loser, server, message, winner }): readonly Diagnosis[] => {
        const other = all.find((one) => configKey(one) === winner);
        if (loser !== own || other === undefined) return [];
        return [
          {
            code: 'FW0405',
            severity: 'error',
            path: `spec.servers[${server}]`,
            message: `${message}: this server is left out`,
            hint: 'servers of one port need one protocol, and with TLS hosts of their own',
            related:
              winner === own
                ? []
                : [{ origin: other.origin, path: 'spec.servers', reason: 'is older and has the port' }],
          },
        ];
      });
    },
  };
}

/** Two selectors that ask for other values of one label are never about one workload. */
function canMeet(a: Labels, b: Labels): boolean {
  return Object.entries(a).every(([key, value]) => b[key] === undefined || b[key] === value);
}
