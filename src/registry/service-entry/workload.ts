import type { Config } from '../../config/config.ts';
import type { WorkloadEntry } from '../../config/service-entry.ts';
import { isRecord } from '../../lib/schema.ts';
import type { Health } from '../../model/endpoint.ts';
import { nowhere, parseLocality } from '../../model/locality.ts';
import { statedRegistry } from '../../model/registry-kind.ts';
import { healthChecked, type Workload } from '../../model/workload.ts';

/** A WorkloadEntry as a row. */
export function toWorkload(config: Config<WorkloadEntry>, cluster: string): Workload {
  const { spec, namespace, name, origin } = config;
  const { address = '', ports = {}, labels = {}, network = '', locality = '', weight = 0, serviceAccount = '' } = spec;
  return {
    registry: statedRegistry,
    namespace,
    name,
    kind: 'workload-entry',
    addresses: [address.startsWith('unix://') ? address.slice('unix://'.length) : address],
    ports,
    labels,
    locality: locality === '' ? nowhere : parseLocality(locality),
    network: network === '' ? (labels['topology.istio.io/network'] ?? '') : network,
    serviceAccount,
    weight: weight === 0 ? 1 : weight,
    health: healthOf(config),
    nodeName: '',
    cluster,
    origin,
  };
}

/** As its agent's probe last said, where one is at work: it is not healthy before the probe has said so. */
function healthOf({ annotations, status }: Config<WorkloadEntry>): Health {
  if (annotations[healthChecked] !== 'true') return 'unknown';
  const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  const condition = conditions.filter(isRecord).find(({ type }) => type === 'Healthy');
  return condition?.status === 'True' ? 'healthy' : 'unhealthy';
}
