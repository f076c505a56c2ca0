/**
 * When one match of a VirtualService takes all that another would: the later one is never asked. Only what is certain
 * counts: regular expressions are compared as texts.
 */
import { covers as coversHost } from '../../model/hostname.ts';
import type { HttpMatch, StringMatch, TcpRoute, TlsRoute } from '../virtual-service.ts';

export type TcpMatch = NonNullable<TcpRoute['match']>[number];
export type TlsMatch = NonNullable<TlsRoute['match']>[number];

/** Whether every request that `narrow` takes is one that `wide` takes. */
export function coversHttp(wide: HttpMatch, narrow: HttpMatch): boolean {
  return (
    coversPlace(wide, narrow) &&
    coversClient(wide, narrow) &&
    coversPath(wide, narrow) &&
    (['scheme', 'method', 'authority'] as const).every((field) => coversText(wide[field], narrow[field])) &&
    coversTexts(wide.headers, narrow.headers) &&
    coversTexts(wide.queryParams, narrow.queryParams) &&
    Object.entries(wide.withoutHeaders ?? {}).every(([name, match]) => sameText(match, narrow.withoutHeaders?.[name]))
  );
}

export function coversTcp(wide: TcpMatch, narrow: TcpMatch): boolean {
  const { destinationSubnets: blocks = [] } = wide;
  const { destinationSubnets: others = [] } = narrow;
  return (
    coversPlace(wide, narrow) &&
    coversLabels(wide, narrow) &&
    (blocks.length === 0 || (others.length > 0 && others.every((block) => blocks.includes(block))))
  );
}

export function coversTls(wide: TlsMatch, narrow: TlsMatch): boolean {
  const { sniHosts: names = [] } = wide;
  return (
    coversTcp(wide, narrow) &&
    (narrow.sniHosts ?? []).every((sni) => names.some((name) => coversHost(name.toLowerCase(), sni.toLowerCase())))
  );
}

/** Whom and where a match is for. */
interface ClientMatch {
  readonly port?: number;
  readonly gateways?: readonly string[];
  readonly sourceLabels?: { readonly [key: string]: string };
  readonly sourceNamespace?: string;
}

function coversPlace({ port = 0, gateways = [] }: ClientMatch, narrow: ClientMatch): boolean {
  if (port !== 0 && port !== narrow.port) return false;
  const { gateways: others = [] } = narrow;
  return gateways.length === 0 || (others.length > 0 && others.every((gateway) => gateways.includes(gateway)));
}

/** For HTTP, naming gateways replaces asking for the client. */
function coversClient(wide: ClientMatch, narrow: ClientMatch): boolean {
  if ((wide.gateways ?? []).length > 0) return true;
  const { sourceLabels = {}, sourceNamespace = '' } = wide;
  const asksForClient = Object.keys(sourceLabels).length > 0 || sourceNamespace !== '';
  return !(asksForClient && (narrow.gateways ?? []).length > 0) && coversLabels(wide, narrow);
}

function coversLabels({ sourceLabels = {}, sourceNamespace = '' }: ClientMatch, narrow: ClientMatch): boolean {
  return (
    Object.entries(sourceLabels).every(([key, value]) => narrow.sourceLabels?.[key] === value) &&
    (sourceNamespace === '' || sourceNamespace === narrow.sourceNamespace)
  );
}

function coversPath(wide: HttpMatch, narrow: HttpMatch): boolean {
  const { uri } = wide;
  if (uri === undefined || uri.prefix === '/' || uri.regex === '.*') return true;
  const other = narrow.uri;
  if (other === undefined) return false;
  if (wide.ignoreUriCase === true) return coversText(lowerCase(uri), lowerCase(other));
  return narrow.ignoreUriCase !== true && coversText(uri, other);
}

function lowerCase({ exact, prefix, regex }: StringMatch): StringMatch {
  if (exact !== undefined) return { exact: exact.toLowerCase() };
  return prefix === undefined ? { regex: regex ?? '' } : { prefix: prefix.toLowerCase() };
}

/** An empty match asks for no more than presence. */
function coversText(wide: StringMatch | undefined, narrow: StringMatch | undefined): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined) return false;
  if (wide.exact !== undefined) return narrow.exact === wide.exact;
  if (wide.prefix !== undefined) return (narrow.exact ?? narrow.prefix)?.startsWith(wide.prefix) === true;
  return wide.regex === undefined || wide.regex === '.*' || wide.regex === narrow.regex;
}

function sameText(a: StringMatch, b: StringMatch | undefined): boolean {
  return b !== undefined && a.exact === b.exact && a.prefix === b.prefix && a.regex === b.regex;
}

type Texts = { readonly [name: string]: StringMatch } | undefined;

function coversTexts(wide: Texts, narrow: Texts): boolean {
  return Object.entries(wide ?? {}).every(([name, match]) => coversText(match, narrow?.[name]));
}
