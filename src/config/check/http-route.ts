/** The rules for one HTTP route of a VirtualService beyond its schema. */
import type { Path } from '../../lib/schema.ts';
import { grpcStatusNumber } from '../../model/grpc-status.ts';
import type { CorsPolicy, Headers, HttpMatch, HttpRetry, HttpRoute } from '../virtual-service.ts';
import { type Check, re2Problem } from './check.ts';
import { checkDestination, checkGateways, checkStringMatch, checkWeights } from './route.ts';

interface RouteScope {
  readonly isDelegate: boolean;
  readonly appliesToMesh: boolean;
}

export function checkHttpRoute(route: HttpRoute, path: Path, scope: RouteScope, check: Check): void {
  checkAction(route, path, scope, check);
  for (const [i, match] of (route.match ?? []).entries()) checkMatch(match, [...path, 'match', i], scope, check);
  const destinations = route.route ?? [];
  for (const [i, one] of destinations.entries()) {
    const at = [...path, 'route', i];
    checkDestination(one.destination, [...at, 'destination'], check);
    if (one.headers !== undefined) checkHeaders(one.headers, [...at, 'headers'], check);
  }
  checkWeights(destinations, [...path, 'route'], check);
  if (route.headers !== undefined) checkHeaders(route.headers, [...path, 'headers'], check);
  checkAuthority(route, path, check);
  checkRedirect(route, path, check);
  checkDirectResponse(route, path, check);
  checkRewrite(route, path, check);
  checkFault(route, path, check);
  checkMirrors(route, path, check);
  if (route.retries !== undefined) checkRetry(route.retries, [...path, 'retries'], check);
  if (route.timeout !== undefined && route.timeout !== 0 && route.timeout < 1)
    check.error('FW0114', [...path, 'timeout'], `expected 0 or at least 1ms, found ${route.timeout}ms`);
  if (route.corsPolicy !== undefined) checkCors(route.corsPolicy, [...path, 'corsPolicy'], check);
}

function checkAction(route: HttpRoute, path: Path, { isDelegate }: RouteScope, check: Check): void {
  const actions = [
    (route.route?.length ?? 0) > 0 ? 'route' : undefined,
    route.redirect === undefined ? undefined : 'redirect',
    route.directResponse === undefined ? undefined : 'directResponse',
    route.delegate === undefined ? undefined : 'delegate',
  ].filter((action) => action !== undefined);
  if (actions.length !== 1)
    check.error(
      'FW0104',
      path,
      `expected exactly one of route, redirect, directResponse and delegate, found ${actions.join(' and ') || 'none'}`,
    );
  if (route.delegate !== undefined) {
    if (isDelegate)
      check.error(
        'FW0117',
        [...path, 'delegate'],
        'expected no delegate in a VirtualService that is one itself (it has no hosts)',
      );
    if ((route.delegate.name ?? '') === '')
      check.error('FW0117', [...path, 'delegate', 'name'], 'expected the name of a VirtualService, found none');
  }
  const others = ['redirect', 'directResponse'] as const;
  for (const action of others) {
    if (route[action] === undefined) continue;
    for (const part of ['fault', 'rewrite'] as const)
      if (route[part] !== undefined)
        check.error('FW0105', [...path, part], `expected no ${part} beside ${action}, found one`);
  }
}

function checkMatch(match: HttpMatch, path: Path, { appliesToMesh }: RouteScope, check: Check): void {
  for (const field of ['uri', 'scheme', 'method', 'authority'] as const) {
    const one = match[field];
    if (one !== undefined) checkStringMatch(one, [...path, field], check);
  }
  const onGatewayOnly = match.gateways === undefined ? !appliesToMesh : !match.gateways.includes('mesh');
  for (const field of ['headers', 'withoutHeaders'] as const) {
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      const at = [...path, field, name];
      if (name === '') check.error('FW0107', at, 'expected the name of a header, found an empty one');
      if (name.startsWith('@request.auth.claims') && !onGatewayOnly)
        check.error(
          'FW0122',
          at,
          'expected JWT claims only in a VirtualService or match that names gateways other than mesh',
        );
      if (value.prefix === '') check.error('FW0107', at, 'expected a prefix, found an empty text');
      if (field === 'withoutHeaders' && value.regex === '*') continue;
      checkStringMatch(value, at, check);
    }
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {})) {
    const at = [...path, 'queryParams', name];
    if (value.prefix === '') check.error('FW0107', at, 'expected a prefix, found an empty text');
    checkStringMatch(value, at, check);
  }
  checkGateways(match.gateways, [...path, 'gateways'], check);
}

/** RFC 9110's token. */
const headerName = /^[-!#$%&'*+.^_`|~0-9a-zA-Z]+$/;

function checkHeaders(headers: Headers, path: Path, check: Check): void {
  for (const side of ['request', 'response'] as const) {
    const operations = headers[side];
    if (operations === undefined) continue;
    const names = [
      ...Object.keys(operations.set ?? {}).map((name) => [name, 'set'] as const),
      ...Object.keys(operations.add ?? {}).map((name) => [name, 'add'] as const),
      ...(operations.remove ?? []).map((name) => [name, 'remove'] as const),
    ];
    for (const [name, operation] of names) {
      const isAuthority = side === 'request' && operation !== 'remove' && name === ':authority';
      if (!isAuthority && !headerName.test(name))
        check.error(
          'FW0109',
          [...path, side, operation],
          `expected the name of a header, found ${JSON.stringify(name)}`,
        );
    }
  }
}

/** Names the Host of a request, in any spelling that a header operation may have. */
function setsAuthority(headers: Headers | undefined): boolean {
  const { set = {}, add = {} } = headers?.request ?? {};
  return [...Object.keys(set), ...Object.keys(add)].some(
    (name) => name === ':authority' || name.toLowerCase() === 'host',
  );
}

function checkAuthority(route: HttpRoute, path: Path, check: Check): void {
  const places = [
    (route.rewrite?.authority ?? '') === '' ? undefined : 'rewrite.authority',
    setsAuthority(route.headers) ? 'headers.request' : undefined,
  ].filter((place) => place !== undefined);
  if (places.length > 1)
    check.error('FW0109', path, `expected the authority to be set once, found ${places.join(' and ')}`);
}

function checkRedirect({ redirect }: HttpRoute, path: Path, check: Check): void {
  if (redirect === undefined) return;
  const at = [...path, 'redirect'];
  const { redirectCode, scheme, port } = redirect;
  if (redirectCode !== undefined && redirectCode !== 0 && (redirectCode < 300 || redirectCode > 399))
    check.error('FW0110', [...at, 'redirectCode'], `expected a code from 300 to 399, found ${redirectCode}`);
  if (scheme !== undefined && scheme !== '' && scheme !== 'http' && scheme !== 'https')
    check.error('FW0110', [...at, 'scheme'], `expected http or https, found ${JSON.stringify(scheme)}`);
  if (port !== undefined && (port < 1 || port > 65535))
    check.error('FW0110', [...at, 'port'], `expected a port from 1 to 65535, found ${port}`);
  if (Object.values(redirect).every((value) => value === undefined || value === ''))
    check.error(
      'FW0110',
      at,
      'expected at least one of uri, authority, port, derivePort, scheme and redirectCode, found none',
    );
}

const largestBody = 1024 * 1024;

function checkDirectResponse({ directResponse }: HttpRoute, path: Path, check: Check): void {
  if (directResponse === undefined) return;
  const at = [...path, 'directResponse'];
  const { status, body } = directResponse;
  if (status < 200 || status > 600)
    check.error('FW0111', [...at, 'status'], `expected a status from 200 to 599, found ${status}`);
  const size = Buffer.byteLength(body?.string ?? body?.bytes ?? '');
  if (size > largestBody) check.error('FW0111', [...at, 'body'], `expected at most 1 MiB, found ${size} bytes`);
}

function checkRewrite({ rewrite }: HttpRoute, path: Path, check: Check): void {
  if (rewrite === undefined) return;
  const at = [...path, 'rewrite'];
  const { uri, uriRegexRewrite } = rewrite;
  if (uri !== undefined && uriRegexRewrite !== undefined)
    check.error('FW0105', at, 'expected one of uri and uriRegexRewrite, found both');
  if (uriRegexRewrite === undefined) {
    if ((uri ?? '') === '' && (rewrite.authority ?? '') === '')
      check.error('FW0105', at, 'expected uri, uriRegexRewrite or authority, found none');
    return;
  }
  const problem = re2Problem(uriRegexRewrite.match ?? '');
  if ((uriRegexRewrite.match ?? '') === '' || problem !== undefined)
    check.error('FW0108', [...at, 'uriRegexRewrite', 'match'], problem ?? 'expected a regular expression, found none');
}

function checkPercentage(value: number | undefined, path: Path, check: Check): void {
  if (value !== undefined && (value < 0 || value > 100))
    check.error('FW0112', path, `expected a percentage from 0 to 100, found ${value}`);
}

function checkFault({ fault }: HttpRoute, path: Path, check: Check): void {
  if (fault === undefined) return;
  const at = [...path, 'fault'];
  const { delay, abort } = fault;
  if (delay === undefined && abort === undefined) check.error('FW0112', at, 'expected delay or abort, found none');
  if (delay !== undefined) {
    checkPercentage(delay.percentage?.value ?? delay.percent, [...at, 'delay'], check);
    if (delay.exponentialDelay !== undefined)
      check.error('FW0112', [...at, 'delay'], 'expected fixedDelay, found exponentialDelay, which Envoy cannot do');
    else if (delay.fixedDelay === undefined || delay.fixedDelay < 1)
      check.error(
        'FW0112',
        [...at, 'delay', 'fixedDelay'],
        `expected at least 1ms, found ${delay.fixedDelay === undefined ? 'none' : `${delay.fixedDelay}ms`}`,
      );
  }
  if (abort === undefined) return;
  checkPercentage(abort.percentage?.value, [...at, 'abort'], check);
  if (abort.http2Error !== undefined)
    check.error(
      'FW0112',
      [...at, 'abort'],
      'expected httpStatus or grpcStatus, found http2Error, which Envoy cannot do',
    );
  else if (abort.httpStatus === undefined && abort.grpcStatus === undefined)
    check.error('FW0112', [...at, 'abort'], 'expected httpStatus or grpcStatus, found none');
  if (abort.httpStatus !== undefined && (abort.httpStatus < 200 || abort.httpStatus > 599))
    check.error(
      'FW0112',
      [...at, 'abort', 'httpStatus'],
      `expected a status from 200 to 599, found ${abort.httpStatus}`,
    );
  if (abort.grpcStatus !== undefined && grpcStatusNumber(abort.grpcStatus) === undefined)
    check.error(
      'FW0112',
      [...at, 'abort', 'grpcStatus'],
      `expected a gRPC status such as UNAVAILABLE, found ${JSON.stringify(abort.grpcStatus)}`,
    );
}

function checkMirrors(route: HttpRoute, path: Path, check: Check): void {
  if (route.mirror !== undefined && (route.mirrors?.length ?? 0) > 0)
    check.error('FW0115', path, 'expected one of mirror and mirrors, found both');
  if (route.mirror !== undefined) checkDestination(route.mirror, [...path, 'mirror'], check);
  checkPercentage(route.mirrorPercentage?.value ?? route.mirrorPercent, [...path, 'mirrorPercentage'], check);
  for (const [i, { destination, percentage }] of (route.mirrors ?? []).entries()) {
    checkDestination(destination, [...path, 'mirrors', i, 'destination'], check);
    checkPercentage(percentage?.value, [...path, 'mirrors', i, 'percentage'], check);
  }
}

/** Envoy's retry policies: HTTP, gRPC, and those of Istio's documentation. */
const retryConditions = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

export function checkRetry(retry: HttpRetry, path: Path, check: Check): void {
  const { attempts = 0, perTryTimeout, retryOn, retryRemoteLocalities, backoff } = retry;
  if (attempts < 0) check.error('FW0113', [...path, 'attempts'], `expected 0 or more, found ${attempts}`);
  if (attempts === 0 && (perTryTimeout !== undefined || (retryOn ?? '') !== '' || retryRemoteLocalities === true))
    check.error('FW0113', path, 'expected no further settings where attempts is 0, which turns retries off');
  if (perTryTimeout !== undefined && perTryTimeout !== 0 && perTryTimeout < 1)
    check.error('FW0113', [...path, 'perTryTimeout'], `expected 0 or at least 1ms, found ${perTryTimeout}ms`);
  if (backoff !== undefined && backoff < 1)
    check.error('FW0113', [...path, 'backoff'], `expected at least 1ms, found ${backoff}ms`);
  for (const condition of (retryOn ?? '').split(',').map((part) => part.trim())) {
    if (condition === '' || retryConditions.has(condition)) continue;
    if (/^\d+$/.test(condition) && Number(condition) >= 100 && Number(condition) <= 599) continue;
    check.error(
      'FW0113',
      [...path, 'retryOn'],
      `expected retry conditions of Envoy or HTTP status codes, found ${JSON.stringify(condition)}`,
    );
  }
}

function checkCors(cors: CorsPolicy, path: Path, check: Check): void {
  for (const [i, origin] of (cors.allowOrigins ?? []).entries()) {
    if (origin.prefix === '')
      check.error('FW0116', [...path, 'allowOrigins', i], 'expected a prefix, found an empty text');
    checkStringMatch(origin, [...path, 'allowOrigins', i], check);
  }
  for (const method of cors.allowMethods ?? [])
    if (!headerName.test(method))
      check.error('FW0116', [...path, 'allowMethods'], `expected HTTP methods, found ${JSON.stringify(method)}`);
  for (const field of ['allowHeaders', 'exposeHeaders'] as const)
    for (const name of cors[field] ?? [])
      if (name !== '*' && !headerName.test(name))
        check.error('FW0116', [...path, field], `expected names of headers, found ${JSON.stringify(name)}`);
  if (cors.maxAge !== undefined && (cors.maxAge < 0 || cors.maxAge % 1000 !== 0))
    check.error('FW0116', [...path, 'maxAge'], `expected whole seconds, found ${cors.maxAge}ms`);
}
