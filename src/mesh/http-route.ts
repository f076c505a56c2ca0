/** HTTP routes of a VirtualService, as Envoy's routes for one port and client. */
import type {
  CorsPolicy,
  Destination,
  Headers,
  HttpMatch,
  HttpRetry,
  HttpRoute,
  StringMatch,
} from '../config/virtual-service.ts';
import type {
  ActionIr,
  CorsIr,
  FaultIr,
  ForwardIr,
  FractionIr,
  HashIr,
  HeadersIr,
  HeaderValueIr,
  MatchIr,
  RedirectIr,
  RetryIr,
  RewriteIr,
  RouteIr,
  TextMatchIr,
  WeightedClusterIr,
} from '../ir/route.ts';
import { grpcStatusNumber } from '../model/grpc-status.ts';
import { type Labels, selects } from '../model/labels.ts';
import type { OriginKey } from '../model/origin.ts';
import { gatewayName } from './rules.ts';

/** A route with the place that it comes from; a delegated route names its delegate. */
export interface PlacedRoute {
  readonly route: HttpRoute;
  readonly object: OriginKey;
  /** `spec.http[1]` */
  readonly path: string;
}

/** What the routes of a rule depend on beside the rule. */
export interface RouteContext {
  /** The namespace and name of the VirtualService whose hosts they are for. */
  readonly namespace: string;
  readonly name: string;
  /** The API path that metadata shows. */
  readonly config: string;
  /** The port that requests come in on. */
  readonly port: number;
  /** `mesh`, or the Gateways that are served. */
  readonly gateways: ReadonlySet<string>;
  readonly clientNamespace: string;
  readonly clientLabels: Labels;
  readonly isTls: boolean;
  readonly retryPolicy: HttpRetry | undefined;
  readonly clusterOf: (destination: Destination) => string;
  readonly hashOf: (destination: Destination) => readonly HashIr[];
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

/** Whether a match takes every request: the path says nothing, and nothing else is asked. */
export function isCatchAll({ path, headers = [], query = [], claims = [] }: MatchIr): boolean {
  const takesAll =
    path.kind === 'regex'
      ? path.value === '.*'
      : (path.kind === 'prefix' || path.kind === 'segments') && path.value === '/';
  return takesAll && headers.length + query.length + claims.length === 0;
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

function matchOf(match: HttpMatch | undefined): MatchIr {
  if (match === undefined) return { path: { kind: 'prefix', value: '/' } };
  const headers: { name: string; match: TextMatchIr; inverted?: boolean; missingIsEmpty?: boolean }[] = [];
  const claims: { path: readonly string[]; match: TextMatchIr; inverted?: boolean }[] = [];
  for (const [name, value] of Object.entries(match.headers ?? {})) {
    const claim = claimPath(name);
    if (claim === undefined) headers.push({ name, match: textMatch(value) });
    else claims.push({ path: claim, match: textMatch(value) });
  }
  for (const [name, value] of Object.entries(match.withoutHeaders ?? {})) {
    const claim = claimPath(name);
    const text = textMatch(value);
    if (claim !== undefined) claims.push({ path: claim, match: text, inverted: true });
    else
      headers.push({ name, match: text, inverted: true, ...(text.kind === 'present' ? {} : { missingIsEmpty: true }) });
  }
  headers.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const pseudo = [
    [':method', match.method],
    [':authority', match.authority],
    [':scheme', match.scheme],
  ] as const;
  for (const [name, value] of pseudo) if (value !== undefined) headers.push({ name, match: textMatch(value) });
  const query = Object.entries(match.queryParams ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, match: textMatch(value) }));
  return {
    path: pathOf(match.uri),
    caseSensitive: match.ignoreUriCase !== true,
    ...(headers.length === 0 ? {} : { headers }),
    ...(query.length === 0 ? {} : { query }),
    ...(claims.length === 0 ? {} : { claims }),
  };
}

function pathOf(uri: StringMatch | undefined): MatchIr['path'] {
  if (uri?.exact !== undefined) return { kind: 'exact', value: uri.exact };
  if (uri?.prefix !== undefined) return { kind: 'prefix', value: uri.prefix };
  if (uri?.regex !== undefined) return { kind: 'regex', value: uri.regex };
  return { kind: 'prefix', value: '/' };
}

/** An empty match asks for presence; so does the regular expression `*`, which is none. */
function textMatch({ exact, prefix, regex }: StringMatch): TextMatchIr {
  if (exact !== undefined) return { kind: 'exact', value: exact };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix };
  return regex === undefined || regex === '*' ? { kind: 'present' } : { kind: 'regex', value: regex };
}

/** `@request.auth.claims.a.b` or `@request.auth.claims[a][b]` */
function claimPath(header: string): readonly string[] | undefined {
  const prefix = '@request.auth.claims';
  if (!header.startsWith(prefix)) return undefined;
  const rest = header.slice(prefix.length);
  return rest.startsWith('[')
    ? [...rest.matchAll(/\[([^\]]*)\]/g)].map(([, key]) => key ?? '')
    : rest.slice(1).split('.');
}

interface Changes {
  readonly headers: HeadersIr;
  /** Setting the Host is a rewrite, not a header. */
  readonly authority?: string;
}

function headersOf(headers: Headers | undefined): Changes {
  const { request = {}, response = {} } = headers ?? {};
  const authority = [...Object.entries(request.set ?? {}), ...Object.entries(request.add ?? {})].find(([name]) =>
    isAuthority(name),
  )?.[1];
  const values = (set: Headers['request'], mode: HeaderValueIr['mode']) =>
    Object.entries((mode === 'overwrite' ? set?.set : set?.add) ?? {})
      .filter(([name]) => !isAuthority(name) && !name.startsWith(':'))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => ({ name, value, mode }));
  return {
    headers: {
      requestAdd: [...values(request, 'overwrite'), ...values(request, 'append')],
      requestRemove: (request.remove ?? []).filter((name) => !isAuthority(name) && !name.startsWith(':')),
      responseAdd: [...values(response, 'overwrite'), ...values(response, 'append')],
      responseRemove: response.remove ?? [],
    },
    ...(authority === undefined ? {} : { authority }),
  };
}

function isAuthority(name: string): boolean {
  return name === ':authority' || name.toLowerCase() === 'host';
}

function joined(a: HeadersIr, b: HeadersIr): HeadersIr {
  return {
    requestAdd: [...(a.requestAdd ?? []), ...(b.requestAdd ?? [])],
    requestRemove: [...(a.requestRemove ?? []), ...(b.requestRemove ?? [])],
    responseAdd: [...(a.responseAdd ?? []), ...(b.responseAdd ?? [])],
    responseRemove: [...(a.responseRemove ?? []), ...(b.responseRemove ?? [])],
  };
}

function nonEmptyHeaders(headers: HeadersIr): { readonly headers?: HeadersIr } {
  const kept = Object.fromEntries(Object.entries(headers).filter(([, list]) => list.length > 0));
  return Object.keys(kept).length === 0 ? {} : { headers: kept };
}

/** The action, and what the only destination changes on headers. */
function actionOf(
  route: HttpRoute,
  authority: string | undefined,
  context: RouteContext,
): { readonly action: ActionIr; readonly headers: HeadersIr } {
  if (route.redirect !== undefined) return { action: redirectOf(route.redirect, context), headers: {} };
  if (route.directResponse !== undefined) return { action: responseOf(route.directResponse), headers: {} };
  return forwardOf(route, authority, context);
}

function forwardOf(
  route: HttpRoute,
  authority: string | undefined,
  context: RouteContext,
): { readonly action: ActionIr; readonly headers: HeadersIr } {
  const destinations = route.route ?? [];
  const [only] = destinations;
  const isSingle = destinations.length === 1 && only !== undefined;
  const single = isSingle ? headersOf(only.headers) : { headers: {} };
  const hash = destinations.flatMap(({ destination }) => context.hashOf(destination));
  const retry = retryOf(route.retries ?? context.retryPolicy, isSingle && hash.length > 0);
  const rewrite = rewriteOf(route.rewrite);
  const rewritten = route.rewrite?.authority ?? '';
  const hostRewrite = rewritten !== '' ? rewritten : (authority ?? single.authority);
  const mirrors = mirrorsOf(route, context);
  const forward: ForwardIr = {
    clusters: isSingle
      ? [{ name: context.clusterOf(only.destination), weight: 0 }]
      : destinations.flatMap((one) => weighted(one, context)),
    isWeighted: !isSingle,
    timeoutMs: route.timeout ?? 0,
    limits: 'grpc-timeout',
    ...(retry === undefined ? {} : { retry }),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(hostRewrite === undefined || hostRewrite === '' ? {} : { hostRewrite }),
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...(hash.length === 0 ? {} : { hash: distinct(hash) }),
  };
  return { action: { kind: 'forward', ...forward }, headers: single.headers };
}

function distinct(hash: readonly HashIr[]): readonly HashIr[] {
  const seen = new Set<string>();
  return hash.filter((one) => !seen.has(JSON.stringify(one)) && seen.add(JSON.stringify(one)));
}

/** A destination without weight among others gets nothing and is left out. */
function weighted(
  { destination, weight = 0, headers }: NonNullable<HttpRoute['route']>[number],
  context: RouteContext,
): readonly WeightedClusterIr[] {
  if (weight === 0) return [];
  const changes = headersOf(headers);
  return [
    {
      name: context.clusterOf(destination),
      weight,
      ...nonEmptyHeaders(changes.headers),
      ...(changes.authority === undefined ? {} : { hostRewrite: changes.authority }),
    },
  ];
}

function rewriteOf(rewrite: HttpRoute['rewrite']): RewriteIr | undefined {
  const { uri = '', uriRegexRewrite } = rewrite ?? {};
  if (uriRegexRewrite !== undefined)
    return { kind: 'regex', pattern: uriRegexRewrite.match ?? '', substitution: uriRegexRewrite.rewrite ?? '' };
  return uri === '' ? undefined : { kind: 'prefix', value: uri };
}

const percentOf = (value: number): FractionIr => ({ numerator: Math.round(value * 10_000), denominator: 'MILLION' });

function mirrorsOf(route: HttpRoute, context: RouteContext): NonNullable<ForwardIr['mirrors']> {
  const all = [
    ...(route.mirror === undefined ? [] : [{ destination: route.mirror, fraction: mirrorFraction(route) }]),
    ...(route.mirrors ?? []).map(({ destination, percentage }) => ({
      destination,
      fraction:
        percentage === undefined
          ? ({ numerator: 100, denominator: 'HUNDRED' } as const)
          : percentOf(percentage.value ?? 0),
    })),
  ];
  return all
    .filter(({ fraction }) => fraction.numerator > 0)
    .map(({ destination, fraction }) => ({ cluster: context.clusterOf(destination), fraction }));
}

function mirrorFraction({ mirrorPercentage, mirrorPercent }: HttpRoute): FractionIr {
  return mirrorPercentage === undefined
    ? { numerator: mirrorPercent ?? 100, denominator: 'HUNDRED' }
    : percentOf(mirrorPercentage.value ?? 0);
}

/** What is retried when nobody says anything: failures before any response, and what gRPC calls so. */
const defaultRetryOn = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';

/** The retry policy of a route; undefined when retries are off. Requests that stick to a host by hash may meet it again. */
export function retryOf(retry: HttpRetry | undefined, isHashed: boolean): RetryIr | undefined {
  const attempts = retry?.attempts ?? (retry === undefined ? 2 : 0);
  if (attempts <= 0) return undefined;
  const conditions = (retry?.retryOn ?? '').split(',').map((part) => part.trim());
  const statusCodes = conditions.filter((part) => /^\d+$/.test(part)).map(Number);
  const named = conditions.filter((part) => !/^\d+$/.test(part)).join(',');
  const asked =
    statusCodes.length > 0 && !named.includes('retriable-status-codes') ? `${named},retriable-status-codes` : named;
  return {
    on: (retry?.retryOn ?? '') === '' ? defaultRetryOn : asked,
    attempts,
    statusCodes,
    ...(retry?.perTryTimeout === undefined ? {} : { perTryTimeoutMs: retry.perTryTimeout }),
    ...(retry?.backoff === undefined ? {} : { backoffMs: retry.backoff }),
    avoidsPreviousHosts: retry?.retryIgnorePreviousHosts ?? !isHashed,
    hostAttempts: 5,
    ...(retry?.retryRemoteLocalities === true ? { usesOtherPriorities: true } : {}),
  };
}

const knownRedirects = new Set([301, 302, 303, 307, 308]);

/** A code that Envoy has no name for leaves the route without action. */
function redirectOf(redirect: NonNullable<HttpRoute['redirect']>, { port, isTls }: RouteContext): ActionIr {
  const { uri = '', prefixRewrite, authority = '', scheme = '', redirectCode = 0 } = redirect;
  const code = redirectCode === 0 ? 301 : redirectCode;
  if (!knownRedirects.has(code)) return { kind: 'none' };
  const wanted = redirect.port ?? (redirect.derivePort === 'FROM_REQUEST_PORT' ? port : undefined);
  const spoken = scheme === '' ? (isTls ? 'https' : 'http') : scheme;
  const isDefault = (wanted === 80 && spoken === 'http') || (wanted === 443 && spoken === 'https');
  const ir: RedirectIr = {
    ...(authority === '' ? {} : { host: authority }),
    ...(scheme === '' ? {} : { scheme }),
    ...(wanted === undefined || wanted === 0 || isDefault ? {} : { port: wanted }),
    path: prefixRewrite === undefined ? { kind: 'path', value: uri } : { kind: 'prefix', value: prefixRewrite },
    code: code as RedirectIr['code'],
  };
  return { kind: 'redirect', redirect: ir };
}

function responseOf({ status, body }: NonNullable<HttpRoute['directResponse']>): ActionIr {
  if (body?.bytes !== undefined) return { kind: 'respond', status, body: { base64: body.bytes } };
  return { kind: 'respond', status, ...(body?.string === undefined ? {} : { body: { text: body.string } }) };
}

function faultOf({ delay, abort }: NonNullable<HttpRoute['fault']>): FaultIr {
  const share = (percentage: { readonly value?: number } | undefined, percent = 0): FractionIr =>
    percentage === undefined ? { numerator: percent, denominator: 'HUNDRED' } : percentOf(percentage.value ?? 0);
  const grpcStatus = abort?.grpcStatus === undefined ? undefined : grpcStatusNumber(abort.grpcStatus);
  return {
    ...(delay === undefined
      ? {}
      : { delay: { fixedMs: delay.fixedDelay ?? 0, fraction: share(delay.percentage, delay.percent) } }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            ...(abort.httpStatus === undefined ? {} : { httpStatus: abort.httpStatus }),
            ...(grpcStatus === undefined ? {} : { grpcStatus }),
            fraction: share(abort.percentage),
          },
        }),
  };
}

function corsOf(cors: CorsPolicy): CorsIr {
  const origins: readonly TextMatchIr[] =
    cors.allowOrigins === undefined
      ? (cors.allowOrigin ?? []).map((value) =>
          value === '*' ? { kind: 'regex', value: '.*' } : { kind: 'exact', value },
        )
      : cors.allowOrigins.map(textMatch);
  return {
    origins,
    methods: (cors.allowMethods ?? []).join(','),
    headers: (cors.allowHeaders ?? []).join(','),
    exposed: (cors.exposeHeaders ?? []).join(','),
    ...(cors.maxAge === undefined ? {} : { maxAge: String(Math.trunc(cors.maxAge / 1000)) }),
    ...(cors.allowCredentials === undefined ? {} : { allowsCredentials: cors.allowCredentials }),
    forwardsOtherPreflights: cors.unmatchedPreflights !== 'IGNORE',
  };
}

/** `host:port/path*` of the only destination; the rule's name where there are several. */
function operationOf(action: ActionIr, { path }: MatchIr, { name, port }: RouteContext): string {
  const suffix = path.kind === 'prefix' || path.kind === 'segments' ? `${path.value}*` : path.value;
  const cluster = action.kind === 'forward' && !action.isWeighted ? action.clusters[0]?.name : undefined;
  const [, clusterPort, , host] = cluster?.split('|') ?? [];
  return host === undefined ? `${name}:${port}${suffix}` : `${host}:${clusterPort}${suffix}`;
}
