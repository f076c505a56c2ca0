/** The fault filter: in the chain it does nothing by itself, a route's settings switch it on. */
import type { FaultIr, FractionIr } from '../../ir/route.ts';
import type { FaultDelay } from '../../proto/envoy/extensions/filters/common/fault/v3/fault.ts';
import { type FaultAbort, HTTPFault } from '../../proto/envoy/extensions/filters/http/fault/v3/fault.ts';
import type { HttpFilter } from '../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { type FractionalPercent, FractionalPercent_DenominatorType } from '../../proto/envoy/type/v3/percent.ts';
import type { Any } from '../../proto/google/protobuf/any.ts';
import { any, duration } from '../values.ts';

export const faultFilterName = 'envoy.filters.http.fault';

export const faultFilter: HttpFilter = {
  name: faultFilterName,
  configType: { $case: 'typedConfig', value: any(HTTPFault, {}) },
};

export function faultOfRoute({ delay, abort }: FaultIr): Any {
  return any(HTTPFault, {
    ...(delay === undefined ? {} : { delay: faultDelay(delay) }),
    ...(abort === undefined ? {} : { abort: faultAbort(abort) }),
  });
}

function faultDelay({ fixedMs, fraction }: NonNullable<FaultIr['delay']>): FaultDelay {
  return { faultDelaySecifier: { $case: 'fixedDelay', value: duration(fixedMs) }, percentage: percentage(fraction) };
}

function faultAbort({ httpStatus, grpcStatus, fraction }: NonNullable<FaultIr['abort']>): FaultAbort {
  return {
    ...(httpStatus === undefined ? {} : { errorType: { $case: 'httpStatus', value: httpStatus } }),
    ...(grpcStatus === undefined ? {} : { errorType: { $case: 'grpcStatus', value: grpcStatus } }),
    percentage: percentage(fraction),
  };
}

function percentage({ numerator, denominator }: FractionIr): FractionalPercent {
  return { numerator, denominator: FractionalPercent_DenominatorType[denominator] };
}
