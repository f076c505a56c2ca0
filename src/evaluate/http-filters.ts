/** The HTTP filters in front of the router that answer requests themselves or hold them up: CORS and faults. */
import { CorsPolicy } from '../proto/envoy/extensions/filters/http/cors/v3/cors.ts';
import { HTTPFault } from '../proto/envoy/extensions/filters/http/fault/v3/fault.ts';
import type { HttpConnectionManager } from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import type { Any } from '../proto/google/protobuf/any.ts';
import { type OpenAny, opened } from './configuration.ts';
import { durationMs } from './duration.ts';
import type { Cors, Fault } from './effects.ts';
import { headerMismatch } from './header-match.ts';
import { chosen, type Result, type Step } from './outcome.ts';
import { percentOf } from './percent.ts';
import { headerOf, type Request } from './request.ts';
import { matchesText } from './text-match.ts';

export interface FilterEffects {
  readonly steps: readonly Step[];
  readonly fault?: Fault;
  readonly cors?: Cors;
  /** Set when a filter answers every request like this one. */
  readonly end?: Result;
}

type PerFilterConfig = { readonly [filter: string]: Any } | undefined;

/** `configs` from the most specific (a weighted cluster) to the least (the RouteConfiguration). */
export function httpFilterEffects(
  manager: HttpConnectionManager,
  configs: readonly PerFilterConfig[],
  request: Request,
  open: OpenAny,
): FilterEffects {
  const steps: Step[] = [];
  let effects: Omit<FilterEffects, 'steps'> = {};
  for (const { name = '', disabled } of manager.httpFilters ?? []) {
    const config = configs.find((one) => one?.[name] !== undefined)?.[name];
    if (config === undefined || disabled === true) continue;
    const policy = opened(open, CorsPolicy, config);
    const found = policy === undefined ? fault(opened(open, HTTPFault, config), request) : cors(policy, request);
    if (found === undefined) continue;
    const { because, ...more } = found;
    steps.push(chosen('http filters', name, because));
    effects = { ...effects, ...more };
    if (found.end !== undefined) break;
  }
  return { steps, ...effects };
}

type Found = Omit<FilterEffects, 'steps'> & { readonly because: string };

function cors(policy: CorsPolicy, request: Request): Found | undefined {
  const origin = headerOf(request, 'origin');
  if (percentOf(policy.filterEnabled?.defaultValue ?? { numerator: 100 }) === 0) return undefined;
  if (origin === undefined) return { cors: { isAllowed: false }, because: 'the request has no origin' };
  const isAllowed = (policy.allowOriginStringMatch ?? []).some((matcher) => matchesText(matcher, origin));
  const found = { origin, isAllowed };
  const verdict = `the origin ${origin} is ${isAllowed ? '' : 'not '}allowed`;
  const isPreflight = request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
  const isAnswered = isPreflight && (isAllowed || policy.forwardNotMatchingPreflights === false);
  if (!isAnswered) return { cors: found, because: verdict };
  const because = `${verdict}, and the preflight is answered here`;
  return { cors: found, because, end: { kind: 'answered', status: 200, because } };
}

function fault(policy: HTTPFault | undefined, request: Request): Found | undefined {
  if (policy === undefined) return undefined;
  const { delay, abort, headers = [] } = policy;
  if (headers.some((matcher) => headerMismatch(matcher, request) !== undefined)) return undefined;
  const ms = delay?.faultDelaySecifier?.$case === 'fixedDelay' ? durationMs(delay.faultDelaySecifier.value) : 0;
  const type = abort?.errorType;
  const status = type === undefined || type.$case === 'headerAbort' ? 0 : type.value;
  const found: Fault = {
    ...(ms === 0 ? {} : { delay: { ms, percent: percentOf(delay?.percentage) } }),
    ...(status === 0
      ? {}
      : { abort: { status, isGrpc: type?.$case === 'grpcStatus', percent: percentOf(abort?.percentage) } }),
  };
  const texts = [
    ...(found.delay === undefined ? [] : [`${found.delay.percent} % are delayed by ${ms} ms`]),
    ...(found.abort === undefined ? [] : [`${found.abort.percent} % are answered with ${status}`]),
  ];
  const because = texts.join(', ');
  if (texts.length === 0) return undefined;
  if (found.abort?.percent !== 100) return { fault: found, because };
  const answer = found.abort.isGrpc ? { status: 200, grpcStatus: status } : { status };
  const end: Result = { kind: 'answered', ...answer, because: 'a fault is injected' };
  return { fault: found, because, end };
}
