/** FW1010 to FW1012: delegates that cannot be used, that nobody names, or whose routes contradict their root. */
import { type Config, configKey } from '../../config/config.ts';
import type { HttpRoute, VirtualService } from '../../config/virtual-service.ts';
import type { Reader } from '../../incremental/query.ts';
import { delegatedRoutes } from '../../mesh/delegate.ts';
import { meshKey } from '../../mesh/tables.ts';
import { exportToOr, isVisible } from '../../mesh/visibility.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function delegates({ tables, visibility }: AnalyzedMesh): Analyzer<Config<VirtualService>> {
  const { virtualServices } = tables;

  function look(read: Reader, root: Config<VirtualService>, route: HttpRoute, i: number): readonly Diagnosis[] {
    if (route.delegate === undefined) return [];
    const { name = '', namespace = '' } = route.delegate;
    const key = configKey({ namespace: namespace || root.namespace, name });
    const path = `spec.http[${i}].delegate`;
    const unusable = (found: string, hint: string): Diagnosis => ({
      code: 'FW1010',
      severity: 'error',
      path,
      message: `expected a VirtualService without hosts, found ${found}: the route is left out`,
      hint,
    });
    const delegate = read.row(virtualServices, key);
    if (delegate === undefined)
      return [unusable(`none of the name ${key}`, 'a name alone means one of the namespace of the root')];
    const { origin, spec } = delegate;
    if ((spec.hosts ?? []).length > 0)
      return [
        {
          ...unusable(`${key}, which has hosts of its own`, 'take the hosts out of it'),
          related: [{ origin, path: 'spec.hosts', reason: 'has hosts' }],
        },
      ];
    const { defaultVirtualServiceExportTo: fallback } = read.cell(visibility, meshKey);
    const shown = exportToOr(spec.exportTo, fallback);
    if (!isVisible(shown, delegate.namespace, root.namespace))
      return [
        {
          ...unusable(
            `${key}, which is hidden from namespace ${root.namespace}`,
            `add ${root.namespace} to its exportTo`,
          ),
          related: [{ origin, path: 'spec.exportTo', reason: `is shown to ${shown.join(', ')} only` }],
        },
      ];
    return contradictions(root, delegate, route, path);
  }

  return {
    name: 'delegates',
    reads: [virtualServices, virtualServices.byDelegate, visibility],
    analyze(read, rule) {
      const { hosts = [], http = [] } = rule.spec;
      if (hosts.length > 0) return http.flatMap((route, i) => look(read, rule, route, i));
      if (read.keys(virtualServices.byDelegate, configKey(rule)).length > 0) return [];
      return [
        {
          code: 'FW1011',
          severity: 'warning',
          path: '',
          message:
            'expected a VirtualService that hands over to this one, which has no hosts, found none: it has no effect',
          hint: 'give it hosts, or name it as the delegate of a route',
        },
      ];
    },
  };
}

/** Routes of the delegate whose matches fit none of the root's route. */
function contradictions(
  root: Config<VirtualService>,
  delegate: Config<VirtualService>,
  route: HttpRoute,
  path: string,
): readonly Diagnosis[] {
  const all = delegate.spec.http ?? [];
  const kept = new Set(
    delegatedRoutes(route, all, { root: root.namespace, delegate: delegate.namespace }).map(({ index }) => index),
  );
  return all.flatMap((_, i): readonly Diagnosis[] =>
    kept.has(i)
      ? []
      : [
          {
            code: 'FW1012',
            severity: 'warning',
            path,
            message: `expected matches of the delegate within those of this route, found that spec.http[${i}] of ${configKey(delegate)} is not: it is left out`,
            hint: 'a path of the delegate has to begin with the prefix of the root; regular expressions cannot be compared',
            related: [{ origin: delegate.origin, path: `spec.http[${i}]`, reason: 'has the route' }],
          },
        ],
  );
}
