/** FW1502: hosts that a Sidecar imports and that nothing is. */
import type { Config } from '../../config/config.ts';
import type { Sidecar } from '../../config/sidecar.ts';
import type { Reader } from '../../incremental/query.ts';
import { toPattern } from '../../mesh/egress.ts';
import { covers, isWildcard } from '../../model/hostname.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function unknownImport({ tables }: AnalyzedMesh): Analyzer<Config<Sidecar>> {
  const { services, virtualServices } = tables;

  /** Whether an import is about some service or some host of a VirtualService. */
  function meansSomething(read: Reader, namespace: string, host: string): boolean {
    if (!isWildcard(host)) {
      const named = read.rows(services, read.keys(services.byHost, host));
      const routed = read.rows(virtualServices, read.keys(virtualServices.byHost, host));
      return [...named, ...routed].some((one) => namespace === '*' || one.namespace === namespace);
    }
    if (namespace === '*') return host === '*' || read.groups(services.byHost).some((one) => covers(host, one));
    if (read.keys(virtualServices.byNamespace, namespace).length > 0) return true;
    const rows = read.rows(services, read.keys(services.byNamespace, namespace));
    return rows.some(({ hostname }) => covers(host, hostname));
  }

  return {
    name: 'unknownImport',
    reads: [
      services,
      services.byHost,
      services.byNamespace,
      virtualServices,
      virtualServices.byHost,
      virtualServices.byNamespace,
    ],
    analyze: (read, { spec, namespace: own }) =>
      (spec.egress ?? []).flatMap(({ hosts = [] }, i) =>
        hosts.flatMap((text, j): readonly Diagnosis[] => {
          const pattern = toPattern(text, own);
          if (pattern === undefined || pattern.isExclusion) return [];
          const { namespace, host } = pattern;
          // Its own namespace may well be empty of services.
          if ((namespace === own && host === '*') || meansSomething(read, namespace, host)) return [];
          return [
            {
              code: 'FW1502',
              severity: 'warning',
              path: `spec.egress[${i}].hosts[${j}]`,
              message: `expected a service, found none that ${text} means: nothing is imported by it`,
              hint: 'an import is written namespace/host, with the namespace of the service and its full name',
            },
          ];
        }),
      ),
  };
}
