/**
 * Calls that have a fair chance to meet every listener, filter chain, virtual host and route of a configuration: made from
 * what it matches, and beside it.
 */
import { decodeAny } from '../../src/descriptors/decode.ts';
import type { Call, ClientHello, HttpHeader, HttpRequest, SocketAddress } from '../../src/evaluate/call.ts';
import { type Configuration, opened } from '../../src/evaluate/configuration.ts';
import type { Listener } from '../../src/proto/envoy/config/listener/v3/listener.ts';
import type { FilterChain } from '../../src/proto/envoy/config/listener/v3/listener_components.ts';
import type { HeaderMatcher, Route, VirtualHost } from '../../src/proto/envoy/config/route/v3/route_components.ts';
import { HttpConnectionManager } from '../../src/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import type { StringMatcher } from '../../src/proto/envoy/type/matcher/v3/string.ts';

export interface ProbeOptions {
  /** Connections go straight to listeners, as to a gateway's. */
  readonly isDirect: boolean;
}

export function probesOf(configuration: Configuration, { isDirect }: ProbeOptions): readonly Call[] {
  return configuration.listeners.flatMap((listener) => {
    const hosts = virtualHostsOf(listener, configuration);
    const names = serverNames(listener);
    return destinations(listener).flatMap((destination) => {
      const base = { destination, ...entry(listener, isDirect) };
      const hellos = listener.name === 'virtualInbound' ? [] : names.flatMap((sni) => helloWith(sni));
      const requests = hosts.flatMap(requestsTo);
      return [
        { ...base, payload: { kind: 'bytes' } } as const,
        ...hellos.map((tls) => ({ ...base, tls, payload: { kind: 'bytes' } }) as const),
        ...requests.map((payload) => ({ ...base, payload })),
        ...(isDirect
          ? names.flatMap((sni) => requests.map((payload) => ({ ...base, tls: hello(sni, 'http/1.1'), payload })))
          : []),
      ];
    });
  });
}

function chainsOf({ filterChains = [], defaultFilterChain }: Listener): readonly FilterChain[] {
  return defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
}

/** Where interception brings a connection that the listener is to serve. */
function entry({ name, bindToPort }: Listener, isDirect: boolean): { readonly interceptedAt?: SocketAddress } {
  const isVirtual = name === 'virtualOutbound' || name === 'virtualInbound';
  if (isDirect || (bindToPort !== false && !isVirtual)) return {};
  return { interceptedAt: { ip: '127.0.0.1', port: name === 'virtualInbound' ? 15006 : 15001 } };
}

/** Addresses for documentation (RFC 5737, RFC 3849) stand for any. */
const anywhere: { readonly [address: string]: string } = { '0.0.0.0': '198.51.100.7', '::': '2001:db8::7' };
const unclaimedPort = 7777;

function destinations(listener: Listener): readonly SocketAddress[] {
  const address = listener.address?.address;
  if (address?.$case !== 'socketAddress') return [];
  const { address: own = '', portSpecifier } = address.value;
  const isVirtual = listener.name?.startsWith('virtual') === true;
  const matches = chainsOf(listener).map(({ filterChainMatch = {} }) => filterChainMatch);
  const ips = new Set([anywhere[own] ?? own]);
  for (const { prefixRanges = [] } of matches)
    for (const { addressPrefix = '' } of prefixRanges) ips.add(addressPrefix);
  const ports = new Set([isVirtual || portSpecifier?.$case !== 'portValue' ? unclaimedPort : portSpecifier.value]);
  if (isVirtual)
    for (const { destinationPort } of matches) if (destinationPort !== undefined) ports.add(destinationPort);
  return [...ports].flatMap((port) => [...ips].map((ip) => ({ ip, port })));
}

/** Those that chains ask for, none, and one that nobody has heard of. */
function serverNames(listener: Listener): readonly (string | undefined)[] {
  const asked = chainsOf(listener).flatMap(({ filterChainMatch }) => filterChainMatch?.serverNames ?? []);
  return [undefined, 'unheard.example', ...new Set(asked.map(hostUnder))];
}

/** A host that a domain means. */
function hostUnder(domain: string): string {
  return domain === '*' ? 'unknown.example' : domain.replace('*', 'x');
}

function helloWith(sni: string | undefined): readonly ClientHello[] {
  return [hello(sni), hello(sni, 'h2'), hello(sni, 'istio')];
}

function hello(sni: string | undefined, ...alpn: readonly string[]): ClientHello {
  return { ...(sni === undefined ? {} : { sni }), alpn };
}

function virtualHostsOf(listener: Listener, { routeConfigurations }: Configuration): readonly VirtualHost[] {
  return chainsOf(listener).flatMap(({ filters = [] }) =>
    filters.flatMap(({ configType }) => {
      const envelope = configType?.$case === 'typedConfig' ? configType.value : undefined;
      const routes = opened(decodeAny, HttpConnectionManager, envelope)?.routeSpecifier;
      if (routes?.$case === 'routeConfig') return routes.value.virtualHosts ?? [];
      if (routes?.$case !== 'rds') return [];
      return routeConfigurations.get(routes.value.routeConfigName ?? '')?.virtualHosts ?? [];
    }),
  );
}

const plain: HttpRequest = { kind: 'http', version: 'http/1.1', method: 'GET', authority: '', path: '/', headers: [] };

function requestsTo({ domains = [], routes = [] }: VirtualHost): readonly HttpRequest[] {
  return domains.flatMap((domain) => {
    const base = { ...plain, authority: hostUnder(domain) };
    return [base, { ...base, path: '/unheard?of=it' }, ...routes.flatMap((route) => requestsFor(route, base))];
  });
}

/** Requests that fit a route, go beyond its path, and miss its case. */
function requestsFor({ match = {} }: Route, base: HttpRequest): readonly HttpRequest[] {
  const path = pathOf(match.pathSpecifier);
  const query = (match.queryParameters ?? []).map(({ name, queryParameterMatchSpecifier: wanted }) => {
    return `${name}=${wanted?.$case === 'stringMatch' ? textOf(wanted.value) : ''}`;
  });
  const suffix = query.length === 0 ? '' : `?${query.join('&')}`;
  const fitting = (match.headers ?? []).filter(({ invertMatch }) => invertMatch !== true);
  const valueOf = (name: string) => fitting.filter((matcher) => matcher.name === name).map(headerText)[0];
  const request: HttpRequest = {
    ...base,
    method: valueOf(':method') ?? base.method,
    authority: valueOf(':authority') ?? base.authority,
    headers: fitting.filter(({ name = '' }) => !name.startsWith(':')).map(headerFor),
  };
  return [
    { ...request, path: `${path}${suffix}` },
    { ...request, path: `${path}x/y${suffix}` },
    { ...base, path: path.toUpperCase() },
  ];
}

function pathOf(specifier: NonNullable<Route['match']>['pathSpecifier']): string {
  const text =
    specifier?.$case === 'safeRegex'
      ? withoutOperators(specifier.value.regex ?? '')
      : specifier?.$case === 'connectMatcher' || specifier?.$case === 'pathMatchPolicy'
        ? ''
        : (specifier?.value ?? '');
  return text.startsWith('/') ? text : `/${text}`;
}

function headerFor(matcher: HeaderMatcher): HttpHeader {
  return { name: matcher.name ?? '', value: headerText(matcher) };
}

function headerText({ headerMatchSpecifier: wanted }: HeaderMatcher): string {
  return wanted?.$case === 'stringMatch' ? textOf(wanted.value) : 'x';
}

/** A text that matches, for most matchers. */
function textOf({ matchPattern: pattern }: StringMatcher): string {
  if (pattern === undefined || pattern.$case === 'custom') return '';
  return pattern.$case === 'safeRegex' ? withoutOperators(pattern.value.regex ?? '') : pattern.value;
}

function withoutOperators(regex: string): string {
  return regex.replace(/[\\^$()[\]|?*+]/g, '');
}
