/** LoadBalancingIr → the fields of Cluster that choose among endpoints. */
import type { LoadBalancingIr } from '../../ir/cluster.ts';
import {
  type Cluster,
  type Cluster_CommonLbConfig,
  Cluster_LbPolicy,
  type Cluster_SlowStartConfig,
} from '../../proto/envoy/config/cluster/v3/cluster.ts';
import { HealthStatus } from '../../proto/envoy/config/core/v3/health_check.ts';
import { duration } from '../values.ts';

export function loadBalancing(ir: LoadBalancingIr): Cluster {
  const common = commonSettings(ir);
  return {
    ...(ir.policy === 'default' ? {} : { lbPolicy: Cluster_LbPolicy[ir.policy] }),
    ...policySettings(ir),
    ...(common === undefined ? {} : { commonLbConfig: common }),
  };
}

function policySettings({ policy, minimumRingSize, maglevTableSize, slowStart }: LoadBalancingIr): Cluster {
  if (policy === 'RING_HASH' && minimumRingSize !== undefined)
    return { lbConfig: { $case: 'ringHashLbConfig', value: { minimumRingSize } } };
  if (policy === 'MAGLEV' && maglevTableSize !== undefined)
    return { lbConfig: { $case: 'maglevLbConfig', value: { tableSize: maglevTableSize } } };
  if (slowStart === undefined) return {};
  // Envoy demands a name of a runtime value that could override this; Istio's, which nobody sets, is as good as any.
  const runtimeKey = '(';
  const slowStartConfig: Cluster_SlowStartConfig = {
    slowStartWindow: duration(slowStart.windowMs),
    aggression: { defaultValue: slowStart.aggression, runtimeKey },
    minWeightPercent: { value: slowStart.minimumPercent },
  };
  if (policy === 'ROUND_ROBIN') return { lbConfig: { $case: 'roundRobinLbConfig', value: { slowStartConfig } } };
  if (policy === 'LEAST_REQUEST') return { lbConfig: { $case: 'leastRequestLbConfig', value: { slowStartConfig } } };
  return {};
}

function commonSettings(ir: LoadBalancingIr): Cluster_CommonLbConfig | undefined {
  const { panicThreshold, isLocalityWeighted, isZoneUnaware, zoneAware, keepsDrainingHosts, isExplicit } = ir;
  if (panicThreshold === undefined && isLocalityWeighted !== true && isExplicit !== true) return undefined;
  const statuses = [HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DRAINING, HealthStatus.DEGRADED];
  return {
    ...(panicThreshold === undefined ? {} : { healthyPanicThreshold: { value: panicThreshold } }),
    ...(isLocalityWeighted === true
      ? { localityConfigSpecifier: { $case: 'localityWeightedLbConfig', value: {} } }
      : {}),
    ...(isZoneUnaware === true
      ? { localityConfigSpecifier: { $case: 'zoneAwareLbConfig', value: { routingEnabled: { value: 0 } } } }
      : {}),
    ...(zoneAware === undefined
      ? {}
      : {
          localityConfigSpecifier: {
            $case: 'zoneAwareLbConfig',
            value: {
              ...(zoneAware.minClusterSize === undefined ? {} : { minClusterSize: zoneAware.minClusterSize }),
              ...(zoneAware.routingEnabled === undefined
                ? {}
                : { routingEnabled: { value: zoneAware.routingEnabled } }),
              ...(zoneAware.failTrafficOnPanic === true ? { failTrafficOnPanic: true } : {}),
            },
          },
        }),
    ...(keepsDrainingHosts === true ? { overrideHostStatus: { statuses } } : {}),
  };
}
