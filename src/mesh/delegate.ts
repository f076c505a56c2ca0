/** Delegated HTTP routes: a route of a root VirtualService is replaced by the routes of the VirtualService that it names. */
import type { HttpMatch, HttpRoute, StringMatch } from '../config/virtual-service.ts';
import { gatewayName } from './rules.ts';

/** The routes of a delegate in the place of a root's route; routes whose matches contradict the root's are left out. */
export function delegatedRoutes(
  root: HttpRoute,
  delegate: readonly HttpRoute[],
  namespaces: Namespaces,
): readonly { readonly route: HttpRoute; readonly index: number }[] {
  return delegate.flatMap((route, index) => {
    const match = mergeMatches(root.match ?? [], route.match ?? [], namespaces);
    return match === undefined ? [] : [{ route: mergeRoute(root, route, match), index }];
  });
}

/** Names of gateways are relative to the rule that they stand in. */
interface Namespaces {
  readonly root: string;
  readonly delegate: string;
}

/** What the root says is the default for what the delegate leaves out. */
function mergeRoute(root: HttpRoute, route: HttpRoute, match: readonly HttpMatch[]): HttpRoute {
  const { delegate: _, match: _match, name: _name, ...defaults } = root;
  const { match: _own, name: _ownName, ...settings } = route;
  const name = [root.name ?? '', route.name ?? ''].filter((part) => part !== '').join('-');
  return {
    ...defaults,
    ...settings,
    ...(name === '' ? {} : { name }),
    ...(match.length === 0 ? {} : { match }),
  };
}

/**
 * Every match of the root with every match of the delegate. Undefined when some match of the delegate fits none of the
 * root, which drops the whole route.
 */
function mergeMatches(
  root: readonly HttpMatch[],
  delegate: readonly HttpMatch[],
  namespaces: Namespaces,
): readonly HttpMatch[] | undefined {
  if (root.length === 0) return delegate;
  if (delegate.length === 0) return root;
  const merged: HttpMatch[] = [];
  for (const one of delegate) {
    const fitting = root.filter((other) => !conflict(other, one, namespaces));
    if (fitting.length === 0) return undefined;
    merged.push(...fitting.map((other) => mergeMatch(other, one)));
  }
  return merged;
}

function mergeMatch(root: HttpMatch, delegate: HttpMatch): HttpMatch {
  const name = [root.name ?? '', delegate.name ?? ''].filter((part) => part !== '').join('-');
  const both = <T>(a: T | undefined, b: T | undefined) => (a === undefined && b === undefined ? {} : { ...a, ...b });
  const field = <K extends keyof HttpMatch>(key: K, value: HttpMatch[K]) =>
    Object.keys(value as object).length === 0 ? {} : { [key]: value };
  return {
    ...root,
    ...delegate,
    ...(name === '' ? {} : { name }),
    ...field('headers', both(root.headers, delegate.headers)),
    ...field('withoutHeaders', both(root.withoutHeaders, delegate.withoutHeaders)),
    ...field('queryParams', both(root.queryParams, delegate.queryParams)),
    ...field('sourceLabels', both(root.sourceLabels, delegate.sourceLabels)),
  };
}

function conflict(root: HttpMatch, delegate: HttpMatch, namespaces: Namespaces): boolean {
  for (const part of ['uri', 'scheme', 'method', 'authority'] as const)
    if (textConflict(root[part], delegate[part])) return true;
  for (const part of ['headers', 'withoutHeaders', 'queryParams'] as const)
    for (const [name, match] of Object.entries(delegate[part] ?? {}))
      if (textConflict(root[part]?.[name], match)) return true;
  if ((root.ignoreUriCase === true) !== (delegate.ignoreUriCase === true)) return true;
  if ((root.port ?? 0) !== 0 && (delegate.port ?? 0) !== 0 && root.port !== delegate.port) return true;
  for (const [key, value] of Object.entries(root.sourceLabels ?? {}))
    if (delegate.sourceLabels?.[key] !== undefined && delegate.sourceLabels[key] !== value) return true;
  if ((root.sourceNamespace ?? '') !== '' && root.sourceNamespace !== delegate.sourceNamespace) return true;
  return gatewayConflict(root.gateways ?? [], delegate.gateways ?? [], namespaces);
}

/** A delegate may narrow the gateways of its root, not widen them. */
function gatewayConflict(root: readonly string[], delegate: readonly string[], namespaces: Namespaces): boolean {
  if (root.length === 0 || delegate.length === 0) return false;
  const allowed = new Set(root.map((gateway) => gatewayName(gateway, namespaces.root)));
  return delegate.some((gateway) => !allowed.has(gatewayName(gateway, namespaces.delegate)));
}

/** Texts conflict unless one is absent or the delegate's lies within a prefix of the root. Regular expressions cannot be compared. */
function textConflict(root: StringMatch | undefined, delegate: StringMatch | undefined): boolean {
  if (root === undefined || delegate === undefined) return false;
  if (root.regex !== undefined || delegate.regex !== undefined) return true;
  if (root.exact !== undefined) return delegate.exact !== root.exact;
  if (root.prefix !== undefined) {
    const narrower = delegate.prefix ?? delegate.exact;
    return narrower === undefined || !narrower.startsWith(root.prefix);
  }
  return true;
}
