/** FW1205 and FW1206: aliases that lead nowhere, and ports that do not say what they speak. */
import type { Reader } from '../../incremental/query.ts';
import { isKubernetes } from '../../model/cluster.ts';
import type { Service } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function kubernetesService({ tables }: AnalyzedMesh): Analyzer<Service> {
  const { services } = tables;

  function alias(read: Reader, service: Service): readonly Diagnosis[] {
    const seen = new Set([service.hostname]);
    let target = service.aliasOf;
    while (target !== undefined && !seen.has(target)) {
      seen.add(target);
      const [next]: readonly Service[] = read.rows(services, read.keys(services.byHost, target));
      if (next === undefined)
        return [
          {
            code: 'FW1205',
            severity: 'warning',
            path: 'spec.externalName',
            message: `expected another name of a service, found ${target}, which none has: its connections are passed through as they are`,
            hint: `state ${target} by a ServiceEntry to have rules for it`,
          },
        ];
      target = next.aliasOf;
    }
    if (target === undefined) return [];
    return [
      {
        code: 'FW1205',
        severity: 'error',
        path: 'spec.externalName',
        message: `expected another name of a service, found that ${[...seen].join(' leads to ')}, and that to ${target}`,
        hint: 'names of names must end at a service',
      },
    ];
  }

  return {
    name: 'kubernetesService',
    reads: [services, services.byHost],
    analyze(read, service) {
      if (!isKubernetes(service.registry)) return [];
      if (service.resolution === 'alias') return alias(read, service);
      return service.ports.flatMap(({ protocol, number, name }, i): readonly Diagnosis[] =>
        protocol !== 'auto'
          ? []
          : [
              {
                code: 'FW1206',
                severity: 'info',
                path: `spec.ports[${i}]`,
                message: `expected port ${number} to say what it speaks, found ${name === '' ? 'no name' : `the name ${name}`}: its proxies look at the first bytes`,
                hint: 'set appProtocol, or begin its name with what it speaks, such as http-web or tcp-store',
              },
            ],
      );
    },
  };
}
