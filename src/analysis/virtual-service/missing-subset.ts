/** FW1006: subsets that no DestinationRule in force defines. */
import type { Config } from '../../config/config.ts';
import type { VirtualService } from '../../config/virtual-service.ts';
import type { Reader } from '../../incremental/query.ts';
import { meshKey } from '../../mesh/tables.ts';
import { originKey } from '../../model/origin.ts';
import type { Client } from '../../model/scope.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis, RelatedOrigin } from '../analyzer.ts';
import { destinationsIn, type PlacedDestination } from '../destinations.ts';
import { viewpointOf } from '../viewpoint.ts';

export function missingSubset(mesh: AnalyzedMesh): Analyzer<Config<VirtualService>> {
  const { tables, visibility, service, destinationPolicy } = mesh;
  const { destinationRules } = tables;

  /** Rules for the host in the namespaces where one would be looked for, that define the subset and are not in force. */
  function others(read: Reader, host: string, namespaces: readonly string[], subset: string): readonly RelatedOrigin[] {
    const keys = [...new Set(namespaces)].flatMap((namespace) =>
      read.keys(destinationRules.byHost, `${namespace}/${host}`),
    );
    return read
      .rows(destinationRules, keys)
      .filter(({ spec }) => (spec.subsets ?? []).some(({ name }) => name === subset))
      .map(({ origin }) => ({ origin, path: 'spec.subsets', reason: `defines ${subset} but is not in force here` }));
  }

  function look(read: Reader, client: Client, placed: PlacedDestination): readonly Diagnosis[] {
    const { host, destination, path } = placed;
    const subset = destination.subset ?? '';
    const found = read.cell(service, { client, host });
    if (subset === '' || found === undefined) return [];
    const policy = read.cell(destinationPolicy, { client, host, namespace: found.namespace });
    if (policy?.subsets.some(({ name }) => name === subset) === true) return [];
    const { rootNamespace } = read.cell(visibility, meshKey);
    const inForce = read
      .rows(destinationRules, policy === undefined ? [] : [`${policy.namespace}/${policy.name}`])
      .map(({ origin }): RelatedOrigin => {
        const names = policy?.subsets.map(({ name }) => name).join(', ') || 'none';
        return { origin, path: 'spec.subsets', reason: `is in force for the host, with the subsets ${names}` };
      });
    const hidden = others(read, host, [client.namespace, found.namespace, rootNamespace], subset);
    const seen = new Set(inForce.map(({ origin }) => originKey(origin)));
    return [
      {
        code: 'FW1006',
        severity: 'error',
        path: `${path}.subset`,
        message: `expected a subset that a DestinationRule for ${host} defines, found ${subset}, which none does: requests go to the whole service until one does`,
        hint: 'add the subset to the DestinationRule, with the labels of its workloads',
        related: [...inForce, ...hidden.filter(({ origin }) => !seen.has(originKey(origin)))],
      },
    ];
  }

  return {
    name: 'missingSubset',
    reads: [destinationRules, destinationRules.byHost, visibility, service, destinationPolicy],
    analyze(read, rule) {
      const client = viewpointOf(read, mesh, rule);
      return client === undefined ? [] : destinationsIn(rule).flatMap((placed) => look(read, client, placed));
    },
  };
}
