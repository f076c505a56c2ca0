/** What an HTTP connection manager makes of a path before it is routed. */
import {
  type HttpConnectionManager,
  HttpConnectionManager_PathWithEscapedSlashesAction as SlashesAction,
} from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';

export type NormalPath =
  | { readonly path: string }
  /** The path is refused with this status, or the client is sent to the path in normal form. */
  | { readonly status: 400 | 307; readonly because: string; readonly location?: string };

export function normalizePath(path: string, manager: HttpConnectionManager): NormalPath {
  if (path.includes('#')) return { status: 400, because: 'a path must not have a fragment' };
  const [before, query] = splitQuery(path);
  const unescaped = unescapeSlashes(before);
  const action = unescaped === before ? undefined : manager.pathWithEscapedSlashesAction;
  if (action === SlashesAction.REJECT_REQUEST) return { status: 400, because: 'the path has escaped slashes' };
  const isRedirected = action === SlashesAction.UNESCAPE_AND_REDIRECT;
  let normal = isRedirected || action === SlashesAction.UNESCAPE_AND_FORWARD ? unescaped : before;
  if (manager.normalizePath === true) normal = withoutDots(unescapeUnreserved(normal.replaceAll('\\', '/')));
  if (manager.mergeSlashes === true) normal = normal.replace(/\/{2,}/g, '/');
  if (isRedirected) return { status: 307, because: 'the path has escaped slashes', location: `${normal}${query}` };
  return { path: `${normal}${query}` };
}

/** The path alone, and the query with its question mark. */
export function splitQuery(path: string): readonly [path: string, query: string] {
  const at = path.indexOf('?');
  return at < 0 ? [path, ''] : [path.slice(0, at), path.slice(at)];
}

function unescapeSlashes(path: string): string {
  return path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
}

/** Escapes of characters that need none (RFC 3986, section 2.3). */
function unescapeUnreserved(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[-A-Za-z0-9._~]/.test(character) ? character : escape;
  });
}

/** Without the segments `.` and `..` (RFC 3986, section 5.2.4). */
function withoutDots(path: string): string {
  if (!path.startsWith('/')) return path;
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (isLast) kept.push('');
  }
  return `/${kept.join('/')}`;
}
