/** The rules for one HTTP route of a VirtualService beyond its schema. */
import type { Path } from '../../lib/schema.ts';
import type { HttpRoute } from '../virtual-service.ts';
import { type Check, checkDuration } from './check.ts';
import { checkAuthority, checkHeaders } from './headers.ts';
import { checkHttpMatch } from './http-match.ts';
import { checkCors, checkFault, checkMirrors, checkRetry, checkStatus } from './http-policy.ts';
import { breaksLines } from './names.ts';
import { re2Problem } from './re2.ts';
import { checkDestination, checkWeights } from './route.ts';

/** The VirtualService around a route. */
export interface RouteScope {
  readonly isDelegate: boolean;
  /** Whether it is for gateways alone, where JWT claims are known. */
  readonly claims: 'known' | 'unknown';
}

export function checkHttpRoute(check: Check, path: Path, route: HttpRoute, scope: RouteScope): void {
  checkAction(check, path, route, scope);
  for (const [i, match] of (route.match ?? []).entries())
    checkHttpMatch(check, [...path, 'match', i], match, scope.claims);
  const destinations = route.route ?? [];
  for (const [i, one] of destinations.entries()) {
    const at = [...path, 'route', i];
    checkDestination(check, [...at, 'destination'], one.destination);
    checkHeaders(check, [...at, 'headers'], one.headers);
  }
  checkWeights(check, [...path, 'route'], destinations);
  checkHeaders(check, [...path, 'headers'], route.headers);
  checkAuthority(check, path, route);
  checkRedirect(check, [...path, 'redirect'], route);
  checkDirectResponse(check, [...path, 'directResponse'], route);
  checkRewrite(check, [...path, 'rewrite'], route);
  checkFault(check, [...path, 'fault'], route);
  checkMirrors(check, path, route);
  if (route.retries !== undefined) checkRetry(check, [...path, 'retries'], route.retries);
  checkDuration(check, 'FW0114', [...path, 'timeout'], route.timeout);
  if (route.corsPolicy !== undefined) checkCors(check, [...path, 'corsPolicy'], route.corsPolicy);
}

function checkAction(check: Check, path: Path, route: HttpRoute, { isDelegate }: RouteScope): void {
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
    const at = [...path, 'delegate'];
    if (isDelegate)
      check.error('FW0117', at, 'expected no delegate in a VirtualService that is one itself (it has no hosts)');
    if ((route.delegate.name ?? '') === '')
      check.warning('FW0117', at, 'expected the name of a VirtualService, found none: the route is left out');
    return;
  }
  for (const action of ['redirect', 'directResponse'] as const) {
    if (route[action] === undefined) continue;
    for (const part of ['fault', 'rewrite'] as const)
      if (route[part] !== undefined)
        check.error('FW0105', [...path, part], `expected no ${part} beside ${action}, found one`);
  }
}

/** Those that Envoy sends. */
const redirectCodes = new Set([301, 302, 303, 307, 308]);

function checkRedirect(check: Check, path: Path, { redirect }: HttpRoute): void {
  if (redirect === undefined) return;
  const { redirectCode = 0, uri = '', authority = '', scheme = '', port, derivePort, prefixRewrite } = redirect;
  // Istio takes any from 300 to 399; a route with another one would cost every route beside it.
  if (redirectCode !== 0 && !redirectCodes.has(redirectCode))
    check.error('FW0110', [...path, 'redirectCode'], `expected 301, 302, 303, 307 or 308, found ${redirectCode}`);
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https')
    check.error('FW0110', [...path, 'scheme'], `expected http or https, found ${JSON.stringify(scheme)}`);
  if (port !== undefined && port > 65535)
    check.error('FW0110', [...path, 'port'], `expected a port from 1 to 65535, found ${port}`);
  checkLines(check, 'FW0110', path, { uri, authority, prefixRewrite });
  const isEmpty = uri === '' && authority === '' && scheme === '';
  if (isEmpty && port === undefined && derivePort === undefined && prefixRewrite === undefined)
    check.error('FW0110', path, 'expected at least one of uri, authority, port, derivePort and scheme, found none');
}

/** Texts that become a part of a header. */
function checkLines(
  check: Check,
  code: 'FW0105' | 'FW0110',
  path: Path,
  texts: { readonly [field: string]: string | undefined },
): void {
  for (const [field, text = ''] of Object.entries(texts))
    if (breaksLines(text))
      check.error(code, [...path, field], 'expected a text without line breaks, found one with some');
}

const largestBody = 1024 * 1024;
/** Each proxy holds each body in memory. */
const largeBody = 100 * 1024;

function checkDirectResponse(check: Check, path: Path, { directResponse }: HttpRoute): void {
  if (directResponse === undefined) return;
  const { status, body } = directResponse;
  checkStatus(check, 'FW0111', [...path, 'status'], status);
  const size =
    body?.bytes === undefined ? Buffer.byteLength(body?.string ?? '') : Buffer.byteLength(body.bytes, 'base64');
  if (size > largestBody) check.error('FW0111', [...path, 'body'], `expected at most 1 MiB, found ${size} bytes`);
  else if (size > largeBody)
    check.warning(
      'FW0111',
      [...path, 'body'],
      `expected at most 100 KiB, which every proxy keeps, found ${size} bytes`,
    );
}

function checkRewrite(check: Check, path: Path, { rewrite }: HttpRoute): void {
  if (rewrite === undefined) return;
  const { uri = '', authority = '', uriRegexRewrite } = rewrite;
  checkLines(check, 'FW0105', path, { uri, authority });
  checkLines(check, 'FW0105', [...path, 'uriRegexRewrite'], { rewrite: uriRegexRewrite?.rewrite });
  if (uri !== '' && uriRegexRewrite !== undefined)
    check.error('FW0105', path, 'expected one of uri and uriRegexRewrite, found both');
  if (uriRegexRewrite === undefined) {
    if (uri === '' && authority === '')
      check.error('FW0105', path, 'expected uri, uriRegexRewrite or authority, found none');
    return;
  }
  const { match = '', rewrite: replacement = '' } = uriRegexRewrite;
  const problem = match === '' ? 'expected a regular expression, found none' : re2Problem(match);
  if (problem !== undefined) check.error('FW0108', [...path, 'uriRegexRewrite', 'match'], problem);
  if (replacement === '')
    check.error('FW0105', [...path, 'uriRegexRewrite', 'rewrite'], 'expected what to put in the place, found none');
}
