/** FilterChainIr → FilterChain. */
import type { FilterChainIr, FilterChainMatchIr } from '../../ir/listener.ts';
import type { FilterChain, FilterChainMatch } from '../../proto/envoy/config/listener/v3/listener_components.ts';
import { HttpConnectionManager } from '../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { any, duration, istioMetadata } from '../values.ts';
import { downstreamTls } from './downstream-tls.ts';
import { httpConnectionManager } from './http-connection-manager.ts';
import { tcpProxyFilters } from './tcp-proxy.ts';

export function filterChain({ name, match, network, tls, config, connectTimeoutMs }: FilterChainIr): FilterChain {
  return {
    ...(name === undefined ? {} : { name }),
    ...(match === undefined ? {} : { filterChainMatch: filterChainMatch(match) }),
    filters:
      network.kind === 'tcp'
        ? tcpProxyFilters(network.proxy)
        : [
            {
              name: 'envoy.filters.network.http_connection_manager',
              configType: {
                $case: 'typedConfig',
                value: any(HttpConnectionManager, httpConnectionManager(network.manager)),
              },
            },
          ],
    ...(tls === undefined ? {} : { transportSocket: downstreamTls(tls) }),
    ...(config === undefined ? {} : { metadata: istioMetadata({ config }) }),
    ...(connectTimeoutMs === undefined ? {} : { transportSocketConnectTimeout: duration(connectTimeoutMs) }),
  };
}

function filterChainMatch({
  destinationPort,
  prefixes = [],
  serverNames = [],
  transport,
  alpn = [],
}: FilterChainMatchIr): FilterChainMatch {
  return {
    ...(destinationPort === undefined ? {} : { destinationPort }),
    ...(prefixes.length === 0
      ? {}
      : { prefixRanges: prefixes.map(({ address, length }) => ({ addressPrefix: address, prefixLen: length })) }),
    ...(serverNames.length === 0 ? {} : { serverNames: [...serverNames] }),
    ...(transport === undefined ? {} : { transportProtocol: transport }),
    ...(alpn.length === 0 ? {} : { applicationProtocols: [...alpn] }),
  };
}
