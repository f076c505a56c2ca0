/** VirtualHostIr → VirtualHost. */
import type { RouteIr, VirtualHostIr } from '../../ir/route.ts';
import {
  type Route,
  type VirtualHost,
  VirtualHost_TlsRequirementType,
} from '../../proto/envoy/config/route/v3/route_components.ts';
import type { Any } from '../../proto/google/protobuf/any.ts';
import { corsFilterName, corsOfRoute } from '../filter/cors.ts';
import { faultFilterName, faultOfRoute } from '../filter/fault.ts';
import { istioMetadata } from '../values.ts';
import { action } from './action.ts';
import { headerChanges } from './headers.ts';
import { routeMatch } from './match.ts';

export function virtualHost({ name, domains, routes, requiresTls, countsAttempts }: VirtualHostIr): VirtualHost {
  return {
    name,
    domains: [...domains],
    routes: routes.map(route),
    ...(requiresTls === true ? { requireTls: VirtualHost_TlsRequirementType.ALL } : {}),
    ...(countsAttempts ? { includeRequestAttemptCount: true } : {}),
  };
}

function route(ir: RouteIr): Route {
  const perFilter: { [name: string]: Any } = {
    ...(ir.cors === undefined ? {} : { [corsFilterName]: corsOfRoute(ir.cors) }),
    ...(ir.fault === undefined ? {} : { [faultFilterName]: faultOfRoute(ir.fault) }),
  };
  return {
    name: ir.name,
    match: routeMatch(ir.match),
    ...definedAction(ir),
    ...(ir.config === undefined ? {} : { metadata: istioMetadata({ config: ir.config }) }),
    ...(ir.operation === undefined ? {} : { decorator: { operation: ir.operation } }),
    ...(Object.keys(perFilter).length === 0 ? {} : { typedPerFilterConfig: perFilter }),
    ...headerChanges(ir.headers),
    ...(ir.statPrefix === undefined ? {} : { statPrefix: ir.statPrefix }),
  };
}

function definedAction(ir: RouteIr): Pick<Route, 'action'> {
  const value = action(ir.action);
  return value === undefined ? {} : { action: value };
}
