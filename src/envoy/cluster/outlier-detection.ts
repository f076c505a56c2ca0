/** OutlierDetectionIr → OutlierDetection. */
import type { OutlierDetectionIr } from '../../ir/cluster.ts';
import type { OutlierDetection } from '../../proto/envoy/config/cluster/v3/outlier_detection.ts';
import { duration } from '../values.ts';

/** A limit of 0 switches its detector off; success rates are never looked at. */
export function outlierDetection(ir: OutlierDetectionIr): OutlierDetection {
  const enforced = (limit: number) => (limit > 0 ? 100 : 0);
  return {
    enforcingSuccessRate: 0,
    ...(ir.intervalMs === undefined ? {} : { interval: duration(ir.intervalMs) }),
    ...(ir.baseEjectionMs === undefined ? {} : { baseEjectionTime: duration(ir.baseEjectionMs) }),
    ...(ir.maxEjectionPercent === undefined ? {} : { maxEjectionPercent: ir.maxEjectionPercent }),
    ...(ir.consecutive5xx === undefined
      ? {}
      : { consecutive5xx: ir.consecutive5xx, enforcingConsecutive5xx: enforced(ir.consecutive5xx) }),
    ...(ir.consecutiveGatewayFailure === undefined
      ? {}
      : {
          consecutiveGatewayFailure: ir.consecutiveGatewayFailure,
          enforcingConsecutiveGatewayFailure: enforced(ir.consecutiveGatewayFailure),
        }),
    ...(ir.splitsLocalOrigin === true
      ? { splitExternalLocalOriginErrors: true, enforcingLocalOriginSuccessRate: 0 }
      : {}),
    ...(ir.consecutiveLocalOriginFailure === undefined
      ? {}
      : {
          consecutiveLocalOriginFailure: ir.consecutiveLocalOriginFailure,
          enforcingConsecutiveLocalOriginFailure: enforced(ir.consecutiveLocalOriginFailure),
        }),
  };
}
