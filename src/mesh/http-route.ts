/** HTTP routes of a VirtualService, as Envoy's routes for one port and client. */
import type { HttpMatch, HttpRoute } from '../config/virtual-service.ts';
import type { ActionIr, MatchIr, RouteIr } from '../ir/route.ts';
import { type Labels, selects } from '../model/labels.ts';
import type { OriginKey } from '../model/origin.ts';
import { type ActionContext, actionOf } from './http-action.ts';
import { corsOf, faultOf } from './http-effects.ts';
import { headersOf, joined, nonEmptyHeaders } from './http-headers.ts';
import { isCatchAll, matchOf } from './http-match.ts';
import { gatewayName } from './rules.ts';

/** A route with the place that it comes from; a delegated route names its delegate. */
export interface PlacedRoute {
  readonly route: HttpRoute;
  readonly object: OriginKey;
  /** `spec.http[1]` */
  readonly path: string;
}

/** What the routes of a rule depend on beside the rule. */
export interface RouteContext extends ActionContext {
  /** The namespace and name of the VirtualService whose hosts they are for. */
  readonly namespace: string;
  readonly name: string;
  /** The API path that metadata shows. */
  readonly config: string;
  /** `mesh`, or the Gateways that are served. */
  readonly gateways: ReadonlySet<string>;
  readonly clientNamespace: string;
  readonly clientLabels: Labels;
}

/** The routes in order, up to the first that takes every request. */
export function resolveHttpRoutes(placed: readonly PlacedRoute[], context: RouteContext): readonly RouteIr[] {
  const routes: RouteIr[] = [];
  for (const one of placed) {
    const { match = [] } = one.route;
    for (const alternative of match.length === 0 ? [undefined] : match) {
      if (alternative !== undefined && !concernsClient(alternative, context)) continue;
      const route = toRoute(one, alternative, context);
      routes.push(route);
      if (alternative === undefined || isCatchAll(route.match)) return routes;
    }
  }
  return routes;
}

/** Naming gateways replaces asking for the client. */
function concernsClient(
  { port, gateways = [], sourceLabels = {}, sourceNamespace = '' }: HttpMatch,
  context: RouteContext,
): boolean {
  if (port !== undefined && port !== 0 && port !== context.port) return false;
  if (gateways.length > 0)
    return gateways.some((gateway) => context.gateways.has(gatewayName(gateway, context.namespace)));
  return (
    selects(sourceLabels, context.clientLabels) &&
    (sourceNamespace === '' || sourceNamespace === context.clientNamespace)
  );
}

function toRoute({ route, object, path }: PlacedRoute, match: HttpMatch | undefined, context: RouteContext): RouteIr {
  const { name = '', headers, fault, corsPolicy } = route;
  const matched = matchOf(match);
  const changes = headersOf(headers);
  const action = actionOf(route, changes.authority, context);
  return {
    name: match?.name === undefined || match.name === '' ? name : `${name}.${match.name}`,
    match: matched,
    action: action.action,
    ...nonEmptyHeaders(joined(changes.headers, action.headers)),
    ...(fault === undefined ? {} : { fault: faultOf(fault) }),
    ...(corsPolicy === undefined ? {} : { cors: corsOf(corsPolicy) }),
    ...(match?.statPrefix === undefined || match.statPrefix === '' ? {} : { statPrefix: match.statPrefix }),
    operation: operationOf(action.action, matched, context),
    config: context.config,
    origin: { object, path },
  };
}

/** `host:port/path*` of the only destination; the rule's name where there are several. */
function operationOf(action: ActionIr, { path }: MatchIr, { name, port }: RouteContext): string {
  const suffix = path.kind === 'prefix' || path.kind === 'segments' ? `${path.value}*` : path.value;
  const cluster = action.kind === 'forward' && !action.isWeighted ? action.clusters[0]?.name : undefined;
  const [, clusterPort, , host] = cluster?.split('|') ?? [];
  return host === undefined ? `${name}:${port}${suffix}` : `${host}:${clusterPort}${suffix}`;
}
