/** The CORS filter: in the chain it does nothing by itself, a route's settings switch it on. */
import type { CorsIr } from '../../ir/route.ts';
import { Cors, CorsPolicy } from '../../proto/envoy/extensions/filters/http/cors/v3/cors.ts';
import type { HttpFilter } from '../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import type { Any } from '../../proto/google/protobuf/any.ts';
import { stringMatcher } from '../route/text-match.ts';
import { any } from '../values.ts';

export const corsFilterName = 'envoy.filters.http.cors';

export const corsFilter: HttpFilter = {
  name: corsFilterName,
  configType: { $case: 'typedConfig', value: any(Cors, {}) },
};

export function corsOfRoute(ir: CorsIr): Any {
  return any(CorsPolicy, {
    allowOriginStringMatch: ir.origins.flatMap((origin) => (origin.kind === 'present' ? [] : [stringMatcher(origin)])),
    allowMethods: ir.methods,
    allowHeaders: ir.headers,
    exposeHeaders: ir.exposed,
    ...(ir.maxAge === undefined ? {} : { maxAge: ir.maxAge }),
    ...(ir.allowsCredentials === undefined ? {} : { allowCredentials: ir.allowsCredentials }),
    filterEnabled: { defaultValue: { numerator: 100 } },
    forwardNotMatchingPreflights: ir.forwardsOtherPreflights,
  });
}
