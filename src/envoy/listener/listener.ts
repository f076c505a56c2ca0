/** ListenerIr → Listener. */
import type { ListenerIr } from '../../ir/listener.ts';
import { TrafficDirection } from '../../proto/envoy/config/core/v3/base.ts';
import type { Listener } from '../../proto/envoy/config/listener/v3/listener.ts';
import { accessLog, withoutFilterChain } from '../access-log.ts';
import { duration, pipeAddress, socketAddress } from '../values.ts';
import { filterChain } from './filter-chain.ts';
import { listenerFilter } from './listener-filter.ts';

export function listener(ir: ListenerIr): Listener {
  const { address, moreAddresses = [] } = ir;
  const port = 'port' in address ? address.port : 0;
  return {
    name: ir.name,
    address: 'path' in address ? pipeAddress(address.path) : socketAddress(address.ip, address.port),
    ...(moreAddresses.length === 0
      ? {}
      : { additionalAddresses: moreAddresses.map((ip) => ({ address: socketAddress(ip, port) })) }),
    trafficDirection: TrafficDirection[ir.direction],
    ...(ir.bindsToPort ? {} : { bindToPort: false }),
    ...(ir.handsOver === true ? { useOriginalDst: true } : {}),
    ...(ir.isTransparent === true ? { transparent: true } : {}),
    ...(ir.filters.length === 0 ? {} : { listenerFilters: ir.filters.map(listenerFilter) }),
    ...(ir.inspectionTimeoutMs === undefined ? {} : { listenerFiltersTimeout: duration(ir.inspectionTimeoutMs) }),
    ...(ir.continuesOnTimeout === true ? { continueOnListenerFiltersTimeout: true } : {}),
    ...(ir.acceptsOneByOne === true ? { maxConnectionsToAcceptPerSocketEvent: 1 } : {}),
    filterChains: ir.chains.map(filterChain),
    ...(ir.fallback === undefined ? {} : { defaultFilterChain: filterChain(ir.fallback) }),
    ...(ir.accessLog === undefined ? {} : { accessLog: [accessLog(ir.accessLog, withoutFilterChain)] }),
  };
}
