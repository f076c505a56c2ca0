/** FW1001: a host of the mesh that another VirtualService routes. */
import { byAge, type Config, configKey } from '../../config/config.ts';
import type { VirtualService } from '../../config/virtual-service.ts';
import type { Reader } from '../../incremental/query.ts';
import { isOnMesh, virtualServiceHosts } from '../../mesh/rules.ts';
import { meshKey } from '../../mesh/tables.ts';
import { closeness, exportToOr } from '../../mesh/visibility.ts';
import type { Hostname } from '../../model/hostname.ts';
import type { Client } from '../../model/scope.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';
import { viewpointOf } from '../viewpoint.ts';

export function shadowedHost(mesh: AnalyzedMesh): Analyzer<Config<VirtualService>> {
  const { tables, visibility, hostRules, ruleRoutes, service } = mesh;
  const { virtualServices } = tables;

  /** The ports on which a host is routed; unknown hosts are on port 80 only. */
  function portsOf(read: Reader, client: Client, host: Hostname): readonly number[] {
    const found = read.cell(service, { client, host });
    return found === undefined ? [80] : found.ports.map(({ number }) => number);
  }

  function look(
    read: Reader,
    rule: Config<VirtualService>,
    host: Hostname,
    client: Client,
  ): Config<VirtualService> | undefined {
    const own = configKey(rule);
    const keys = read
      .cell(hostRules, { client, host })
      .filter((key) => read.row(virtualServices, key)?.spec.hosts?.length !== 0);
    const before = keys.slice(0, Math.max(0, keys.indexOf(own)));
    const earlier = read.rows(virtualServices, before).filter((other) => virtualServiceHosts(other).includes(host));
    const ports = portsOf(read, client, host);
    const routes = (key: string, port: number) => read.cell(ruleRoutes, { client, rule: key, port }) !== undefined;
    const wanted = ports.filter((port) => routes(own, port));
    return wanted.length === 0
      ? undefined
      : earlier.find((other) => wanted.every((port) => routes(configKey(other), port)));
  }

  return {
    name: 'shadowedHost',
    reads: [virtualServices, visibility, hostRules, ruleRoutes, service],
    analyze(read, rule) {
      if (!isOnMesh(rule) || (rule.spec.http ?? []).length === 0) return [];
      const { defaultVirtualServiceExportTo: fallback } = read.cell(visibility, meshKey);
      const client = viewpointOf(read, mesh, rule);
      if (client === undefined) return [];
      return virtualServiceHosts(rule).flatMap((host, i): readonly Diagnosis[] => {
        const winner = look(read, rule, host, client);
        if (winner === undefined) return [];
        const how = (one: Config<VirtualService>) =>
          closeness(exportToOr(one.spec.exportTo, fallback), one.namespace, client.namespace);
        return [
          {
            code: 'FW1001',
            severity: 'error',
            path: `spec.hosts[${i}]`,
            message: `expected to route ${host}, found that another VirtualService does so for workloads of namespace ${client.namespace}`,
            hint: 'put the routes of both into one VirtualService, or let the other hand over to this one as its delegate',
            related: [
              { origin: winner.origin, path: 'spec.hosts', reason: whyFirst(winner, rule, how(winner) === how(rule)) },
            ],
          },
        ];
      });
    },
  };
}

function whyFirst(winner: Config<VirtualService>, rule: Config<VirtualService>, isSeenAlike: boolean): string {
  if (!isSeenAlike) return 'has the host: it is shown to fewer, and what is shown to fewer comes first';
  if (winner.createdAt < rule.createdAt)
    return `has the host since ${new Date(winner.createdAt).toISOString()}: it is older`;
  return byAge(winner, rule) < 0 ? 'has the host: both are of one age, and its name comes first' : 'has the host';
}
