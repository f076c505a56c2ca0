/** What the chosen route does with a request. */
import type { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import type {
  DirectResponseAction,
  RetryPolicy,
  Route,
  RouteAction,
  VirtualHost,
} from '../proto/envoy/config/route/v3/route_components.ts';
import type { HttpConnectionManager } from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { resolveCluster } from './cluster.ts';
import type { Configuration } from './configuration.ts';
import { durationMs } from './duration.ts';
import type { Effects, Mirror, Retries } from './effects.ts';
import { type HeaderRules, headerChanges } from './header-changes.ts';
import { httpFilterEffects } from './http-filters.ts';
import type { Connection } from './listener-filters.ts';
import type { Outcome, Result, Share, Step } from './outcome.ts';
import { percentOf } from './percent.ts';
import { redirect } from './redirect.ts';
import { headerOf, type Request } from './request.ts';
import { rewriteHost, rewritePath } from './rewrite.ts';
import { sharesOf } from './shares.ts';

/** Everything that led to a route. */
export interface Routed {
  readonly manager: HttpConnectionManager;
  readonly routes: RouteConfiguration;
  readonly virtualHost: VirtualHost;
  readonly route: Route;
  readonly request: Request;
  readonly connection: Connection;
}

export function act(configuration: Configuration, routed: Routed): Outcome {
  const { manager, route, virtualHost, routes, request } = routed;
  const configs = [route, virtualHost, routes].map(({ typedPerFilterConfig }) => typedPerFilterConfig);
  const { steps, end, ...effects } = httpFilterEffects(manager, configs, request, configuration.open);
  if (end !== undefined) return { steps, result: end };
  const { action, match = {} } = route;
  switch (action?.$case) {
    case 'route': {
      const forwarded = forward(configuration, routed, action.value, effects);
      return { steps: [...steps, ...forwarded.steps], result: forwarded.result };
    }
    case 'redirect':
      return { steps, result: redirect(action.value, match, request) };
    case 'directResponse':
      return { steps, result: respond(action.value) };
    default:
      return { steps, result: { kind: 'undecided', because: 'the route has no action that is evaluated' } };
  }
}

function respond({ status = 200, body }: DirectResponseAction): Result {
  const text = body?.specifier?.$case === 'inlineString' ? body.specifier.value : undefined;
  const because = 'the route answers itself';
  return { kind: 'answered', status, ...(text === undefined ? {} : { body: text }), because };
}

function forward(
  configuration: Configuration,
  routed: Routed,
  action: RouteAction,
  filters: Pick<Effects, 'fault' | 'cors'>,
): Outcome {
  const { request, connection } = routed;
  const targets = targetsOf(action, request);
  if (targets === undefined)
    return {
      steps: [],
      result: { kind: 'undecided', because: 'the cluster is chosen by an extension, which is not evaluated' },
    };
  const destination = {
    original: connection.local,
    host: request.authority,
    header: (name: string) => headerOf(request, name),
  };
  const steps: Step[] = [];
  const shares = sharesOf(targets).map(([target, percent]): Share => {
    const { upstream, steps: found } = resolveCluster(configuration, target.cluster, destination);
    steps.push(...found);
    return { cluster: target.cluster, percent, upstream, effects: shareEffects(routed, action, target) };
  });
  if (shares.length === 0)
    return {
      steps,
      result: { kind: 'answered', status: 503, error: 'no cluster found', because: 'the route names no cluster' },
    };
  return { steps, result: { kind: 'forwarded', shares, effects: { ...routeEffects(routed, action), ...filters } } };
}

interface Target {
  readonly cluster: string;
  readonly weight: number;
  readonly rules?: HeaderRules;
  readonly host?: string;
}

/** Undefined when an extension chooses. */
function targetsOf({ clusterSpecifier: specifier }: RouteAction, request: Request): readonly Target[] | undefined {
  const named = (header: string) => {
    const cluster = headerOf(request, header);
    return cluster === undefined || cluster === '' ? [] : [cluster];
  };
  switch (specifier?.$case) {
    case 'cluster':
      return [{ cluster: specifier.value, weight: 1 }];
    case 'clusterHeader':
      return named(specifier.value).map((cluster) => ({ cluster, weight: 1 }));
    case 'weightedClusters':
      return (specifier.value.clusters ?? []).flatMap((one) => {
        const clusters = one.name ? [one.name] : named(one.clusterHeader ?? '');
        const host = one.hostRewriteSpecifier?.value;
        const { weight = 0 } = one;
        return clusters.map((cluster) => ({ cluster, weight, rules: one, ...(host === undefined ? {} : { host }) }));
      });
    default:
      return undefined;
  }
}

function shareEffects({ route, virtualHost, routes, request }: Routed, action: RouteAction, target: Target) {
  const levels = [...(target.rules === undefined ? [] : [target.rules]), route, virtualHost, routes];
  const { request: requestHeaders, response: responseHeaders } = headerChanges(levels, routes);
  return { authority: rewriteHost(action, request, target.host), requestHeaders, responseHeaders };
}

/** Envoy's own limit of a request that no route sets another for. */
const defaultTimeoutMs = 15_000;

function routeEffects({ route, virtualHost, routes, request }: Routed, action: RouteAction): Effects {
  const { prefixRewrite: prefix, regexRewrite: regex, timeout } = action;
  const retries = retriesOf(action.retryPolicy ?? virtualHost.retryPolicy);
  return {
    ...(request.path === undefined ? {} : { path: rewritePath(request.path, route.match ?? {}, { prefix, regex }) }),
    timeoutMs: timeout === undefined ? defaultTimeoutMs : durationMs(timeout),
    ...(retries === undefined ? {} : { retries }),
    mirrors: mirrorsOf(action, virtualHost, routes),
  };
}

function retriesOf(policy: RetryPolicy | undefined): Retries | undefined {
  if (policy === undefined) return undefined;
  const { retryOn = '', numRetries = 1, perTryTimeout = {}, retriableStatusCodes: statusCodes = [] } = policy;
  const on = retryOn.split(',').filter((condition) => condition !== '');
  return { on, statusCodes, attempts: numRetries, perTryTimeoutMs: durationMs(perTryTimeout) };
}

/** The mirrors of the most specific level that has any. */
function mirrorsOf(...levels: readonly Pick<RouteAction, 'requestMirrorPolicies'>[]): readonly Mirror[] {
  const policies = levels
    .map(({ requestMirrorPolicies = [] }) => requestMirrorPolicies)
    .find((list) => list.length > 0);
  return (policies ?? []).map(({ cluster = '', runtimeFraction }) => ({
    cluster,
    percent: runtimeFraction === undefined ? 100 : percentOf(runtimeFraction.defaultValue),
  }));
}
