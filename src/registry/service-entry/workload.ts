import type { Config } from '../../config/config.ts';
import type { WorkloadEntry } from '../../config/service-entry.ts';
import { nowhere, parseLocality } from '../../model/locality.ts';
import { statedRegistry } from '../../model/registry-kind.ts';
import type { Workload } from '../../model/workload.ts';

/** A WorkloadEntry as a row. */
export function toWorkload({ spec, namespace, name, origin }: Config<WorkloadEntry>, cluster: string): Workload {
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
    health: 'unknown',
    nodeName: '',
    cluster,
    origin,
  };
}
