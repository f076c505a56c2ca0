/** FW1303: objects that are shown to namespaces in which nothing is known. */
import type { Config } from '../../config/config.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function unknownNamespace(
  name: string,
  { knowledge }: AnalyzedMesh,
): Analyzer<Config<{ readonly exportTo?: readonly string[] }>> {
  return {
    name,
    reads: [knowledge.namespaceIsKnown],
    analyze: (read, { spec }) =>
      (spec.exportTo ?? []).flatMap((target, i): readonly Diagnosis[] => {
        if (target === '.' || target === '*' || target === '~' || read.cell(knowledge.namespaceIsKnown, target))
          return [];
        return [
          {
            code: 'FW1303',
            severity: 'warning',
            path: `spec.exportTo[${i}]`,
            message: `expected a namespace, found ${target}, in which nothing is known`,
            hint: 'exportTo names namespaces, . for its own or * for all',
          },
        ];
      }),
  };
}
