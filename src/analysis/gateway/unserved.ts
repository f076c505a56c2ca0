/** FW1401 and FW1402: Gateways that no workload serves, and that nothing is routed through. */
import { type Config, configKey } from '../../config/config.ts';
import type { Gateway } from '../../config/gateway.ts';
import { formatLabels } from '../../model/labels.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';
import { workloadsWith } from '../knowledge.ts';

export function unserved(mesh: AnalyzedMesh): Analyzer<Config<Gateway>> {
  const { tables, knowledge } = mesh;
  const { workloads, virtualServices } = tables;
  return {
    name: 'unserved',
    reads: [workloads, virtualServices, virtualServices.byGateway, knowledge.workloadsByLabel, knowledge.knows],
    analyze(read, gateway) {
      const { selector = {}, servers = [] } = gateway.spec;
      const found: Diagnosis[] = [];
      if (
        Object.keys(selector).length > 0 &&
        read.cell(knowledge.knows, 'pods') &&
        workloadsWith(read, mesh, selector).length === 0
      )
        found.push({
          code: 'FW1401',
          severity: 'warning',
          path: 'spec.selector',
          message: `expected a workload with ${formatLabels(selector)}, found none in any namespace: nobody serves this Gateway`,
          hint: 'the selector is for the labels of gateway pods, such as istio: ingressgateway',
        });
      // What is passed on by SNI to services needs no rules.
      const needsRoutes = servers.some(({ tls }) => tls?.mode !== 'AUTO_PASSTHROUGH' && tls?.httpsRedirect !== true);
      if (needsRoutes && read.keys(virtualServices.byGateway, configKey(gateway)).length === 0)
        found.push({
          code: 'FW1402',
          severity: 'warning',
          path: '',
          message: 'expected a VirtualService for this Gateway, found none: every request gets 404',
          hint: `name ${configKey(gateway)} in spec.gateways of a VirtualService`,
        });
      return found;
    },
  };
}
