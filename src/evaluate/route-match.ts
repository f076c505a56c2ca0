/** Whether a route matches a request, and if not, why. All criteria of a match must hold. */
import type { QueryParameterMatcher, RouteMatch } from '../proto/envoy/config/route/v3/route_components.ts';
import { isGrpc } from './grpc.ts';
import { headerMismatch } from './header-match.ts';
import { metadataMismatch } from './metadata-match.ts';
import { splitQuery } from './path.ts';
import { percentOf } from './percent.ts';
import { queryParameters, type Request } from './request.ts';
import { describeText, matchesRegex, matchesText } from './text-match.ts';

/** Why a request does not match; undefined when it does. */
export function mismatch(match: RouteMatch, request: Request): string | undefined {
  return (
    pathMismatch(match, request) ??
    firstReason(match.headers, (matcher) => headerMismatch(matcher, request)) ??
    queryMismatch(match.queryParameters ?? [], request) ??
    firstReason(match.dynamicMetadata, (matcher) => metadataMismatch(matcher, request)) ??
    otherMismatch(match, request)
  );
}

function firstReason<T>(items: readonly T[] = [], reason: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = reason(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pathMismatch(
  { pathSpecifier, caseSensitive }: RouteMatch,
  { method, path: full }: Request,
): string | undefined {
  if (pathSpecifier?.$case === 'connectMatcher')
    return method === 'CONNECT' ? undefined : `it is for CONNECT, not ${method}`;
  if (full === undefined) return 'it wants a path, the request has none';
  const [path] = splitQuery(full);
  const fold = (text: string) => (caseSensitive === false ? text.toLowerCase() : text);
  const reason = (does: string, value: string) => `the path ${path} does not ${does} ${value}`;
  switch (pathSpecifier?.$case) {
    case 'prefix':
      return fold(path).startsWith(fold(pathSpecifier.value)) ? undefined : reason('begin with', pathSpecifier.value);
    case 'path':
      return fold(path) === fold(pathSpecifier.value) ? undefined : reason('equal', pathSpecifier.value);
    case 'pathSeparatedPrefix':
      return isUnder(fold(path), fold(pathSpecifier.value)) ? undefined : reason('lie under', pathSpecifier.value);
    case 'safeRegex':
      return matchesRegex(pathSpecifier.value, path) ? undefined : reason('match', pathSpecifier.value.regex ?? '');
    default:
      return 'its path is matched by an extension, which is not evaluated';
  }
}

/** The path itself or a longer one with a slash after it. */
function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function queryMismatch(matchers: readonly QueryParameterMatcher[], request: Request): string | undefined {
  if (matchers.length === 0) return undefined;
  const parameters = queryParameters(request);
  return firstReason(matchers, ({ name = '', queryParameterMatchSpecifier: wanted }) => {
    const value = parameters.get(name);
    if (wanted?.$case === 'stringMatch') {
      if (value !== undefined && matchesText(wanted.value, value)) return undefined;
      return `the query parameter ${name} is ${value ?? 'absent'}, it must be one that ${describeText(wanted.value)}`;
    }
    const mustBePresent = wanted?.value ?? true;
    if ((value !== undefined) === mustBePresent) return undefined;
    return `the query parameter ${name} is ${mustBePresent ? 'absent' : 'present'}`;
  });
}

function otherMismatch(match: RouteMatch, request: Request): string | undefined {
  const { grpc, tlsContext, runtimeFraction, filterState = [] } = match;
  const { clientCertificate } = request;
  if (grpc !== undefined && !isGrpc(request)) return 'it is for gRPC alone';
  if (tlsContext?.presented !== undefined && tlsContext.presented !== (clientCertificate === 'valid'))
    return `it wants ${tlsContext.presented ? 'a' : 'no'} client certificate`;
  if (tlsContext?.validated !== undefined && tlsContext.validated !== (clientCertificate === 'valid'))
    return `it wants ${tlsContext.validated ? 'a' : 'no'} valid client certificate`;
  if (filterState.length > 0) return 'it depends on filter state, which is not evaluated';
  // A share of the requests stands for all of them, unless it is none.
  if (runtimeFraction !== undefined && percentOf(runtimeFraction.defaultValue) === 0) return 'it takes 0 % of requests';
  return undefined;
}
