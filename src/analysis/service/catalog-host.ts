/** FW1207 and FW1208: services of catalogs that others hide, and instances that nobody can be sent to. */
import { isIP } from 'node:net';
import { byAge } from '../../config/config.ts';
import type { Reader } from '../../incremental/query.ts';
import { servicesOf } from '../../mesh/merged-services.ts';
import { isKubernetes } from '../../model/cluster.ts';
import { isCatalog, isStated } from '../../model/registry-kind.ts';
import { type Service, serviceKey } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function catalogHost({ tables }: Pick<AnalyzedMesh, 'tables'>): Analyzer<Service> {
  const { services, clusters, shards } = tables;

  /** Instances with names, beside a Service whose endpoints the control plane has to know. */
  function unresolved(read: Reader, row: Service, there: Service): readonly Diagnosis[] {
    if (!isKubernetes(there.registry)) return [];
    const named = (read.row(shards, serviceKey(row))?.endpoints ?? []).filter(({ address }) => isIP(address) === 0);
    const [first] = named;
    if (first === undefined) return [];
    return [
      {
        code: 'FW1208',
        severity: 'warning',
        path: 'instances',
        message: `expected IP addresses, as ${row.hostname} is a Service of Kubernetes, found ${named.length === 1 ? '' : `${named.length} names such as `}${first.address}: no requests go there`,
        hint: 'register the instance with its IP address',
        related: [{ origin: there.origin, reason: 'says what the host is' }],
      },
    ];
  }

  return {
    name: 'catalogHost',
    reads: [services, services.byHost, clusters, clusters.all, shards],
    analyze(read, row) {
      if (!isCatalog(row.registry)) return [];
      const all = servicesOf(read, tables, row.hostname, '').filter(({ registry }) => !isStated(registry));
      const there = all.find(({ namespace }) => namespace === row.namespace);
      const [first] = [...all].sort(
        (a, b) => Number(isKubernetes(b.registry)) - Number(isKubernetes(a.registry)) || byAge(a, b),
      );
      if (there === undefined || first === undefined) return [];
      if (first.namespace === row.namespace) return unresolved(read, row, there);
      return [
        {
          code: 'FW1207',
          severity: 'warning',
          path: 'hostnames',
          message: `expected a host that no other namespace has, found ${row.hostname} in ${first.namespace} too: workloads outside of namespace ${row.namespace} do not use this one`,
          hint: 'give the services one namespace, and they are one service, or give them hosts of their own',
          related: [{ origin: first.origin, reason: 'has the host' }],
        },
        ...unresolved(read, row, there),
      ];
    },
  };
}
