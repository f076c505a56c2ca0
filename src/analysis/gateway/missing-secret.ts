/** FW0406: certificates that no Secret holds. */
import type { Config } from '../../config/config.ts';
import type { Gateway } from '../../config/gateway.ts';
import type { Reader } from '../../incremental/query.ts';
import { type Credential, parseCredential, serverCredentials } from '../../mesh/credentials.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';
import { workloadsWith } from '../knowledge.ts';

export function missingSecret(mesh: AnalyzedMesh): Analyzer<Config<Gateway>> {
  const { tables, knowledge } = mesh;
  const { secrets, workloads } = tables;

  /** Secrets are looked for where the gateway's pods run; without pods, where the Gateway stands. */
  function namespacesOf(read: Reader, { spec, namespace }: Config<Gateway>): readonly string[] {
    const found = workloadsWith(read, mesh, spec.selector ?? {});
    return found.length === 0 ? [namespace] : [...new Set(found.map((workload) => workload.namespace))].sort();
  }

  function isThere(read: Reader, { kind, namespace, name }: Credential): boolean {
    const [found] = read.rows(secrets, read.keys(secrets.byName, `${kind} ${namespace}/${name}`));
    return found?.certificate !== undefined;
  }

  return {
    name: 'missingSecret',
    reads: [secrets, secrets.byName, workloads, knowledge.workloadsByLabel, knowledge.knows],
    analyze(read, gateway) {
      if (!read.cell(knowledge.knows, 'secrets')) return [];
      const namespaces = namespacesOf(read, gateway);
      return (gateway.spec.servers ?? []).flatMap(({ tls = {} }, i) => {
        const { mode = 'PASSTHROUGH' } = tls;
        if (mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH' || mode === 'ISTIO_MUTUAL') return [];
        return serverCredentials(tls).certificates.flatMap((certificate): readonly Diagnosis[] => {
          const wanted = namespaces.flatMap((namespace) => parseCredential(certificate, namespace) ?? []);
          const missing = wanted.filter((credential) => !isThere(read, credential));
          if (missing.length === 0) return [];
          const names = missing.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).join(' and ');
          return [
            {
              code: 'FW0406',
              severity: 'error',
              path: `spec.servers[${i}].tls`,
              message: `expected a certificate in the ${names}, found none that can be served: handshakes are refused`,
              hint: 'the Secret has to be in the namespace of the pods of the gateway',
            },
          ];
        });
      });
    },
  };
}
