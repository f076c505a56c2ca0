/** Where a redirecting route sends the client. */
import {
  RedirectAction_RedirectResponseCode as Code,
  type RedirectAction,
  type RouteMatch,
} from '../proto/envoy/config/route/v3/route_components.ts';
import type { Result } from './outcome.ts';
import { splitQuery } from './path.ts';
import { type Request, splitPort } from './request.ts';
import { rewritePath } from './rewrite.ts';

const statuses = {
  [Code.MOVED_PERMANENTLY]: 301,
  [Code.FOUND]: 302,
  [Code.SEE_OTHER]: 303,
  [Code.TEMPORARY_REDIRECT]: 307,
  [Code.PERMANENT_REDIRECT]: 308,
};

export function redirect(action: RedirectAction, match: RouteMatch, request: Request): Result {
  const { responseCode = Code.MOVED_PERMANENTLY } = action;
  const scheme = schemeOf(action, request);
  const port = action.portRedirect === undefined || action.portRedirect === 0 ? '' : `:${action.portRedirect}`;
  const host = action.hostRedirect || ownHost(request, scheme, port !== '');
  const location = `${scheme}://${host}${port}${pathOf(action, match, request.path ?? '')}`;
  return { kind: 'answered', status: statuses[responseCode], location, because: 'the route redirects' };
}

function schemeOf({ schemeRewriteSpecifier: rewrite }: RedirectAction, { scheme }: Request): string {
  if (rewrite?.$case === 'schemeRedirect' && rewrite.value !== '') return rewrite.value;
  return rewrite?.$case === 'httpsRedirect' && rewrite.value ? 'https' : scheme;
}

/** The request's host; its port goes when there is another, or when it is the old scheme's own and the scheme changes. */
function ownHost({ authority, forwardedProto }: Request, scheme: string, hasOtherPort: boolean): string {
  const [host, port] = splitPort(authority);
  const isDefault = (forwardedProto === 'https' && port === '443') || (forwardedProto === 'http' && port === '80');
  return hasOtherPort || (scheme !== forwardedProto && isDefault) ? host : authority;
}

function pathOf(
  { pathRewriteSpecifier: rewrite, stripQuery }: RedirectAction,
  match: RouteMatch,
  full: string,
): string {
  const strip = (path: string) => (stripQuery === true ? splitQuery(path)[0] : path);
  switch (rewrite?.$case) {
    case 'pathRedirect':
      if (rewrite.value === '') return strip(full);
      // A query of its own replaces the request's and stays.
      return rewrite.value.includes('?') ? rewrite.value : `${rewrite.value}${strip(splitQuery(full)[1])}`;
    case 'prefixRewrite':
      return strip(rewritePath(full, match, { prefix: rewrite.value }));
    case 'regexRewrite':
      return strip(rewritePath(full, match, { regex: rewrite.value }));
    default:
      return strip(full);
  }
}
