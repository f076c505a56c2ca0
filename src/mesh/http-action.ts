/** Where a route sends its requests, or what it answers itself. */
import type { Destination, HttpRetry, HttpRoute } from '../config/virtual-service.ts';
import type {
  ActionIr,
  ForwardIr,
  FractionIr,
  HeadersIr,
  RedirectIr,
  RewriteIr,
  WeightedClusterIr,
} from '../ir/route.ts';
import { distinctBy } from '../lib/distinct.ts';
import type { DestinationTarget } from './destination-target.ts';
import { hashesOf } from './hash-policy.ts';
import { percentOf } from './http-effects.ts';
import { headersOf, nonEmptyHeaders } from './http-headers.ts';
import { retryOf } from './http-retry.ts';

/** What actions depend on beside the route. */
export interface ActionContext {
  /** The port that requests come in on. */
  readonly port: number;
  readonly isTls: boolean;
  readonly retryPolicy: HttpRetry | undefined;
  readonly targetOf: (destination: Destination) => DestinationTarget;
}

/** The action, and what the only destination changes on headers. */
export function actionOf(
  route: HttpRoute,
  authority: string | undefined,
  context: ActionContext,
): { readonly action: ActionIr; readonly headers: HeadersIr } {
  if (route.redirect !== undefined) return { action: redirectOf(route.redirect, context), headers: {} };
  if (route.directResponse !== undefined) return { action: responseOf(route.directResponse), headers: {} };
  return forwardOf(route, authority, context);
}

function forwardOf(
  route: HttpRoute,
  authority: string | undefined,
  context: ActionContext,
): { readonly action: ActionIr; readonly headers: HeadersIr } {
  const destinations = (route.route ?? []).map((one) => ({ ...one, target: context.targetOf(one.destination) }));
  const [only] = destinations;
  const isSingle = destinations.length === 1 && only !== undefined;
  const single = isSingle ? headersOf(only.headers) : { headers: {} };
  const hash = destinations.flatMap(({ target }) => hashesOf(target.policy));
  const retry = retryOf(route.retries ?? context.retryPolicy, isSingle && hash.length > 0);
  const rewrite = rewriteOf(route.rewrite);
  const rewritten = route.rewrite?.authority ?? '';
  const hostRewrite = rewritten !== '' ? rewritten : (authority ?? single.authority);
  const mirrors = mirrorsOf(route, context);
  const forward: ForwardIr = {
    clusters: isSingle ? [{ name: only.target.cluster, weight: 0 }] : destinations.flatMap(weighted),
    isWeighted: !isSingle,
    timeoutMs: route.timeout ?? 0,
    limits: 'grpc-timeout',
    ...(retry === undefined ? {} : { retry }),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(hostRewrite === undefined || hostRewrite === '' ? {} : { hostRewrite }),
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...(hash.length === 0 ? {} : { hash: distinctBy(hash, JSON.stringify) }),
  };
  return { action: { kind: 'forward', ...forward }, headers: single.headers };
}

/** A destination without weight among others gets nothing and is left out. */
function weighted({
  target,
  weight = 0,
  headers,
}: NonNullable<HttpRoute['route']>[number] & { readonly target: DestinationTarget }): readonly WeightedClusterIr[] {
  if (weight === 0) return [];
  const changes = headersOf(headers);
  return [
    {
      name: target.cluster,
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

function mirrorsOf(route: HttpRoute, context: ActionContext): NonNullable<ForwardIr['mirrors']> {
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
  return all.flatMap(({ destination, fraction }) => {
    if (fraction.numerator === 0) return [];
    const { cluster, isDefined } = context.targetOf(destination);
    // What is only for a subset to see is not for the whole service.
    return isDefined ? [{ cluster, fraction }] : [];
  });
}

function mirrorFraction({ mirrorPercentage, mirrorPercent }: HttpRoute): FractionIr {
  return mirrorPercentage === undefined
    ? { numerator: mirrorPercent ?? 100, denominator: 'HUNDRED' }
    : percentOf(mirrorPercentage.value ?? 0);
}

function redirectOf(redirect: NonNullable<HttpRoute['redirect']>, { port, isTls }: ActionContext): ActionIr {
  const { uri = '', prefixRewrite, authority = '', scheme = '', redirectCode = 0 } = redirect;
  const wanted = redirect.port ?? (redirect.derivePort === 'FROM_REQUEST_PORT' ? port : undefined);
  const spoken = scheme === '' ? (isTls ? 'https' : 'http') : scheme;
  const isDefault = (wanted === 80 && spoken === 'http') || (wanted === 443 && spoken === 'https');
  const ir: RedirectIr = {
    ...(authority === '' ? {} : { host: authority }),
    ...(scheme === '' ? {} : { scheme }),
    ...(wanted === undefined || wanted === 0 || isDefault ? {} : { port: wanted }),
    path: prefixRewrite === undefined ? { kind: 'path', value: uri } : { kind: 'prefix', value: prefixRewrite },
    // Others are refused where objects are checked.
    code: (redirectCode === 0 ? 301 : redirectCode) as RedirectIr['code'],
  };
  return { kind: 'redirect', redirect: ir };
}

function responseOf({ status, body }: NonNullable<HttpRoute['directResponse']>): ActionIr {
  if (body?.bytes !== undefined) return { kind: 'respond', status, body: { base64: body.bytes } };
  return { kind: 'respond', status, ...(body?.string === undefined ? {} : { body: { text: body.string } }) };
}
