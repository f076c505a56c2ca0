/** FW1201 and FW1202: ServiceEntries for a host that another object states. */
import { byAge, type Config } from '../../config/config.ts';
import type { ServiceEntry } from '../../config/service-entry.ts';
import type { Reader } from '../../incremental/query.ts';
import { differences } from '../../mesh/services.ts';
import { isKubernetes } from '../../model/cluster.ts';
import type { Service } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function sameHost({ tables }: AnalyzedMesh): Analyzer<Config<ServiceEntry>> {
  const { services } = tables;

  function look(read: Reader, entry: Config<ServiceEntry>, host: string, i: number): readonly Diagnosis[] {
    const rows = read.rows(services, read.keys(services.byHost, host));
    const isOwn = (row: Service) =>
      row.registry === 'service-entry' && row.namespace === entry.namespace && row.name === entry.name;
    const own = rows.find(isOwn);
    if (own === undefined) return [];
    const kubernetes = rows.find(({ registry }) => isKubernetes(registry));
    if (kubernetes !== undefined) return [besideService(own, kubernetes, i)];
    const [first] = rows.filter((row) => row.registry === 'service-entry').sort(byAge);
    return first === undefined || isOwn(first) ? [] : besideEntry(own, first, i);
  }

  return {
    name: 'sameHost',
    reads: [services, services.byHost],
    analyze: (read, entry) => (entry.spec.hosts ?? []).flatMap((host, i) => look(read, entry, host.toLowerCase(), i)),
  };
}

function besideService(own: Service, kubernetes: Service, i: number): Diagnosis {
  const extra = own.ports
    .map(({ number }) => number)
    .filter((number) => kubernetes.ports.every((port) => port.number !== number));
  return {
    code: 'FW1201',
    severity: 'warning',
    path: `spec.hosts[${i}]`,
    message:
      `expected a host that no Service of Kubernetes has, found ${own.hostname}: the Service counts` +
      (extra.length === 0
        ? ', and nothing of this entry'
        : `, and ports ${extra.join(', ')} of this entry lead nowhere`),
    hint: 'give the entry a host of its own, or add the ports to the Service',
    related: [{ origin: kubernetes.origin, reason: 'has the host' }],
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
