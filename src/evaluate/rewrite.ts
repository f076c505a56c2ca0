/** What a route makes of a request's path and host before it passes the request on. */
import type { RouteAction, RouteMatch } from '../proto/envoy/config/route/v3/route_components.ts';
import type { RegexMatchAndSubstitute } from '../proto/envoy/type/matcher/v3/regex.ts';
import { splitQuery } from './path.ts';
import { headerOf, type Request } from './request.ts';
import { replaceRegex } from './text-match.ts';

interface PathRewrite {
  readonly prefix?: string | undefined;
  readonly regex?: RegexMatchAndSubstitute | undefined;
}

/** The path with its query; a prefix replaces the part that matched, which is all of it unless a prefix matched. */
export function rewritePath(full: string, { pathSpecifier }: RouteMatch, { prefix, regex }: PathRewrite): string {
  const [path, query] = splitQuery(full);
  if (prefix !== undefined && prefix !== '') {
    const isPrefix = pathSpecifier?.$case === 'prefix' || pathSpecifier?.$case === 'pathSeparatedPrefix';
    return `${prefix}${isPrefix ? path.slice(pathSpecifier.value.length) : ''}${query}`;
  }
  if (regex?.pattern !== undefined) return `${replaceRegex(regex.pattern, path, regex.substitution ?? '')}${query}`;
  return full;
}

/** `literal` is that of the weighted cluster, which comes before the route's. */
export function rewriteHost(action: RouteAction, request: Request, literal: string | undefined): string {
  if (literal !== undefined && literal !== '') return literal;
  const rewrite = action.hostRewriteSpecifier;
  switch (rewrite?.$case) {
    case 'hostRewriteLiteral':
      return rewrite.value;
    case 'hostRewriteHeader':
      return headerOf(request, rewrite.value) || request.authority;
    case 'hostRewritePathRegex': {
      const [path] = splitQuery(request.path ?? '');
      const { pattern = {}, substitution = '' } = rewrite.value;
      return replaceRegex(pattern, path, substitution);
    }
    default:
      return request.authority;
  }
}
