/** FW1201 and FW1202: ServiceEntries for a host that another object states. */
import { byAge, type Config } from '../../config/config.ts';
import type { ServiceEntry } from '../../config/service-entry.ts';
import type { Reader } from '../../incremental/query.ts';
import { servicesOf } from '../../mesh/merged-services.ts';
import { differences } from '../../mesh/services.ts';
import { isKubernetes } from '../../model/cluster.ts';
import { isStated } from '../../model/registry-kind.ts';
import type { Service } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function sameHost({ tables }: Pick<AnalyzedMesh, 'tables'>): Analyzer<Config<ServiceEntry>> {
  const { services, clusters } = tables;

  function look(read: Reader, entry: Config<ServiceEntry>, host: string, i: number): readonly Diagnosis[] {
    const rows = read.rows(services, read.keys(services.byHost, host));
    const isOwn = (row: Service) =>
      isStated(row.registry) && row.namespace === entry.namespace && row.name === entry.name;
    const own = rows.find(isOwn);
    if (own === undefined) return [];
    const platform = servicesOf(read, tables, host, '').find(({ registry }) => !isStated(registry));
    if (platform !== undefined) return [besideService(own, platform, i)];
    const [first] = rows.filter((row) => isStated(row.registry)).sort(byAge);
    return first === undefined || isOwn(first) ? [] : besideEntry(own, first, i);
  }

  return {
    name: 'sameHost',
    reads: [services, services.byHost, clusters, clusters.all],
    analyze: (read, entry) => (entry.spec.hosts ?? []).flatMap((host, i) => look(read, entry, host.toLowerCase(), i)),
  };
}

function besideService(own: Service, platform: Service, i: number): Diagnosis {
  const extra = own.ports
    .map(({ number }) => number)
    .filter((number) => platform.ports.every((port) => port.number !== number));
  const isOfCluster = isKubernetes(platform.registry);
  return {
    code: 'FW1201',
    severity: 'warning',
    path: `spec.hosts[${i}]`,
    message:
      `expected a host that no ${isOfCluster ? 'Service of Kubernetes' : 'service of a catalog'} has, found ${own.hostname}: ` +
      `the ${isOfCluster ? 'Service' : `service of ${platform.registry}`} counts` +
      (extra.length === 0
        ? ', and nothing of this entry'
        : `, and ports ${extra.join(', ')} of this entry lead nowhere`),
    hint: `give the entry a host of its own, or add the ports to the ${isOfCluster ? 'Service' : 'service'}`,
    related: [{ origin: platform.origin, reason: 'has the host' }],
  };
}

/** Entries of one host are one service where they agree in all but their ports. */
function besideEntry(own: Service, first: Service, i: number): readonly Diagnosis[] {
  const found = differences(own, first);
  if (found.length === 0) return [];
  const isNearer = own.namespace !== first.namespace;
  return [
    {
      code: 'FW1202',
      severity: 'warning',
      path: `spec.hosts[${i}]`,
      message: `expected ServiceEntries of ${own.hostname} that agree in all but their ports, found another ${found.join(' and another ')}: ${
        isNearer ? `workloads outside of namespace ${own.namespace} do not use this one` : 'this one has no effect'
      }`,
      hint: 'state the host once, or give the entries the same namespace, resolution, labels and exportTo',
      related: [{ origin: first.origin, path: 'spec.hosts', reason: 'is older and has the host' }],
    },
  ];
}
