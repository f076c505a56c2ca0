/** The HTTP filters of a connection manager, in the order in which requests meet them. */
import type { HttpManagerIr } from '../../ir/listener.ts';
import { FilterConfig as DynamicForwardProxy } from '../../proto/envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy.ts';
import { FilterConfig as GrpcStats } from '../../proto/envoy/extensions/filters/http/grpc_stats/v3/config.ts';
import { GrpcWeb } from '../../proto/envoy/extensions/filters/http/grpc_web/v3/grpc_web.ts';
import { Router } from '../../proto/envoy/extensions/filters/http/router/v3/router.ts';
import type { HttpFilter } from '../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import type { Any } from '../../proto/google/protobuf/any.ts';
import { dnsCache } from '../dns-cache.ts';
import { any } from '../values.ts';
import { corsFilter } from './cors.ts';
import { faultFilter } from './fault.ts';

function filter(name: string, value: Any): HttpFilter {
  return { name: `envoy.filters.http.${name}`, configType: { $case: 'typedConfig', value } };
}

const grpcWeb = filter('grpc_web', any(GrpcWeb, {}));
const grpcStats = filter(
  'grpc_stats',
  any(GrpcStats, { emitFilterState: true, perMethodStatSpecifier: { $case: 'statsForAllMethods', value: false } }),
);
const router = filter('router', any(Router, {}));

export function httpFilters({ hasGrpcWeb, dynamicForwardProxy }: HttpManagerIr): HttpFilter[] {
  return [
    ...(hasGrpcWeb === true ? [grpcWeb] : []),
    grpcStats,
    faultFilter,
    corsFilter,
    ...(dynamicForwardProxy === undefined
      ? []
      : [
          filter(
            'dynamic_forward_proxy',
            any(DynamicForwardProxy, {
              implementationSpecifier: { $case: 'dnsCacheConfig', value: dnsCache(dynamicForwardProxy) },
            }),
          ),
        ]),
    router,
  ];
}
