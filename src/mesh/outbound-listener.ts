/** The listeners by which a sidecar takes what its application sends, built from claims. */
import { byAge } from '../config/config.ts';
import type { FilterChainIr, HttpManagerIr, ListenerFilterIr, ListenerIr } from '../ir/listener.ts';
import { formatBlock, parseBlock } from '../lib/ip.ts';
import type { OriginKey } from '../model/origin.ts';
import type { Capture, Client } from '../model/scope.ts';
import { tcpNetwork } from './access-log.ts';
import { dnsCacheOf } from './dns.ts';
import type { ListenerClaim } from './listener-claims.ts';
import { isSocket, type ListenerPlace } from './listener-place.ts';
import { blackHole } from './names.ts';
import { otherRequests } from './outbound-policy.ts';
import type { ListenerSettings } from './setting-parts.ts';
import { handshakeTimeoutMs } from './settings.ts';
import { tcpProxy } from './tcp-route.ts';
import { wildcards } from './wildcard.ts';

/** What a claim needs built for its connections; the chain that takes everything, if any, last. */
export type ChainsOf = (claim: ListenerClaim, block: string | undefined, needsSni: boolean) => readonly FilterChainIr[];

export interface OutboundContext {
  readonly capture: Capture;
  readonly settings: ListenerSettings;
  readonly family: Client['family'];
  readonly chainsOf: ChainsOf;
  readonly originOf: (claim: ListenerClaim) => OriginKey;
}

/** What plain-text HTTP looks like before it is parsed. */
export const plainHttp = { transport: 'raw_buffer' as const, alpn: ['http/1.1', 'h2c'] };

/** The listener of one address and port: the oldest claim has it. */
export function addressedListener(address: string, claim: ListenerClaim, context: OutboundContext): ListenerIr {
  const chains = context.chainsOf(claim, undefined, false);
  const http =
    claim.kind === 'auto' ? httpChain(`${claim.host}:${claim.port}`, address, claim.port, [claim], context) : undefined;
  return listener({
    name: `${address}_${claim.port}`,
    address: { ip: address, port: claim.port },
    bindsToPort: false,
    http,
    tcp: chains,
    isWildcard: false,
    origins: [context.originOf(claim)],
    context,
  });
}

/**
 * The listener of a place, which all services share that cannot be told by an address. Undefined when nothing needs it.
 * HTTP and TCP in one place are told apart by the first bytes; of several that take every connection the oldest wins.
 */
export function placedListener(
  { bind, port, bindsToPort }: ListenerPlace,
  claims: readonly ListenerClaim[],
  context: OutboundContext,
): ListenerIr | undefined {
  const everywhere = wildcards(context.family);
  const ip = bind === '' ? (bindsToPort ? context.capture.loopback : everywhere.ip) : bind;
  const inOrder = [...claims].sort(byAge);
  const speaking = inOrder.filter(({ kind }) => kind !== 'tcp');
  const tcp: FilterChainIr[] = [];
  const matches = new Set<string>();
  /** The oldest that wants requests told apart here, and those that have a chain. */
  const served = new Set(speaking.slice(0, 1));
  for (const claim of inOrder.filter(({ kind }) => kind !== 'http')) {
    for (const block of claim.blocks.length === 0 ? [undefined] : claim.blocks) {
      for (const chain of context.chainsOf(claim, block, claim.addresses.length === 0 || block !== undefined)) {
        const match = matchKey(chain);
        if (matches.has(match)) continue;
        matches.add(match);
        tcp.push(chain);
        served.add(claim);
      }
    }
  }
  if (speaking.length === 0 && tcp.length === 0) return undefined;
  const routeName = isSocket(bind) ? bind : String(port);
  return listener({
    name: `${ip}_${port}`,
    ...(ip === everywhere.ip && everywhere.moreAddresses !== undefined
      ? { moreAddresses: everywhere.moreAddresses }
      : {}),
    address: isSocket(bind) ? { path: bind.replace(/^unix:\/\//, '') } : { ip, port },
    bindsToPort,
    http: speaking.length === 0 ? undefined : httpChain(routeName, ip, port, speaking, context),
    tcp,
    isWildcard: bind === '' && !bindsToPort,
    origins: [...served].map(context.originOf),
    context,
  });
}

/** Blocks are equal when the bits that count are. */
function matchKey({ match }: FilterChainIr): string {
  const prefixes = (match?.prefixes ?? [])
    .map(({ address, length }) => {
      const block = parseBlock(address, length);
      return block === undefined ? `${address}/${length}` : formatBlock(block);
    })
    .sort();
  return JSON.stringify([prefixes, [...(match?.serverNames ?? [])].sort()]);
}

function httpChain(
  routeName: string,
  ip: string,
  port: number,
  claims: readonly ListenerClaim[],
  context: OutboundContext,
): FilterChainIr {
  const hasGrpcWeb = claims.some(({ protocol }) => protocol === 'GRPC-Web');
  const manager = outboundManager(routeName, `outbound_${ip}_${port};`, hasGrpcWeb, context);
  const asksDns = claims.some((claim) => claim.asksDns);
  return {
    network: {
      kind: 'http',
      manager: asksDns ? { ...manager, dynamicForwardProxy: dnsCacheOf(context.family) } : manager,
    },
    connectTimeoutMs: handshakeTimeoutMs,
  };
}

export function outboundManager(
  routeName: string,
  statPrefix: string,
  hasGrpcWeb: boolean,
  { settings, capture }: Pick<OutboundContext, 'settings' | 'capture'>,
): HttpManagerIr {
  return {
    statPrefix,
    routes: { kind: 'rds', name: routeName },
    direction: 'outbound',
    ...pathHandling(settings),
    ...(capture.speaksHttp10 ? { speaksHttp10: true } : {}),
    ...(hasGrpcWeb ? { hasGrpcWeb: true } : {}),
    ...(capture.family === undefined ? {} : { dynamicForwardProxy: dnsCacheOf(capture.family) }),
    ...(settings.accessLog === undefined ? {} : { accessLog: settings.accessLog }),
  };
}

export function pathHandling({
  pathNormalization,
}: ListenerSettings): Pick<HttpManagerIr, 'normalizesPath' | 'mergesSlashes' | 'unescapesSlashes'> {
  return {
    normalizesPath: pathNormalization !== 'NONE',
    ...(pathNormalization === 'MERGE_SLASHES' || pathNormalization === 'DECODE_AND_MERGE_SLASHES'
      ? { mergesSlashes: true }
      : {}),
    ...(pathNormalization === 'DECODE_AND_MERGE_SLASHES' ? { unescapesSlashes: true } : {}),
  };
}

interface Parts {
  readonly name: string;
  readonly address: ListenerIr['address'];
  readonly moreAddresses?: readonly string[];
  readonly bindsToPort: boolean;
  readonly http: FilterChainIr | undefined;
  readonly tcp: readonly FilterChainIr[];
  /** Takes connections to any address of the port, so that what no chain takes must go on to where it was meant. */
  readonly isWildcard: boolean;
  readonly origins: readonly OriginKey[];
  readonly context: OutboundContext;
}

function listener({
  name,
  address,
  moreAddresses,
  bindsToPort,
  http,
  tcp,
  isWildcard,
  origins,
  context,
}: Parts): ListenerIr {
  const { settings } = context;
  const rest = tcp.find(({ match }) => match === undefined);
  const matching = tcp.filter(({ match }) => match !== undefined);
  const sniffs = http !== undefined && (isWildcard || tcp.length > 0);
  const onlyHttp = http !== undefined && !sniffs;
  const chains: FilterChainIr[] = [
    ...(http === undefined ? [] : [sniffs ? { ...http, match: plainHttp } : http]),
    ...matching,
    ...(rest !== undefined && http === undefined && matching.length === 0 ? [rest] : []),
  ];
  const takesAll = onlyHttp || (rest !== undefined && http === undefined && matching.length === 0);
  const inspectors: ListenerFilterIr[] = [
    ...(matching.some(({ match }) => (match?.serverNames?.length ?? 0) > 0)
      ? [{ kind: 'tls-inspector' as const }]
      : []),
    ...(sniffs ? [{ kind: 'http-inspector' as const }] : []),
  ];
  return {
    name,
    address,
    ...(moreAddresses === undefined ? {} : { moreAddresses }),
    direction: 'OUTBOUND',
    bindsToPort,
    filters: inspectors,
    inspectionTimeoutMs: sniffs ? settings.protocolDetectionTimeoutMs : 0,
    continuesOnTimeout: true,
    ...(bindsToPort ? { acceptsOneByOne: true } : {}),
    chains,
    ...(takesAll ? {} : { fallback: rest ?? passOn(context) }),
    ...(settings.accessLog === undefined ? {} : { accessLog: settings.accessLog }),
    origins: [...new Set([...origins, ...tcp.flatMap(({ origin }) => origin ?? [])])],
  };
}

function passOn({ capture: { unclaimed }, settings }: OutboundContext): FilterChainIr {
  const proxy = tcpProxy(unclaimed.cluster, [{ name: unclaimed.cluster, weight: 0 }], false, {}, 'TCP');
  return {
    name: 'PassthroughFilterChain',
    match: {},
    network: tcpNetwork(proxy, settings),
  };
}

/** Where redirected connections arrive; hands them over to the listener of the address that was meant. */
export function virtualOutbound(context: OutboundContext): ListenerIr {
  const { settings, capture } = context;
  const { accessLog } = settings;
  const { ip, ...more } = wildcards(context.family);
  const chain = (name: string, cluster: string, destinationPort?: number): FilterChainIr => ({
    name,
    ...(destinationPort === undefined ? {} : { match: { destinationPort } }),
    network: tcpNetwork(tcpProxy(cluster, [{ name: cluster, weight: 0 }], false, {}, 'TCP'), settings),
  });
  const asksDns = capture.unclaimed.requests === 'by-dns';
  return {
    name: 'virtualOutbound',
    address: { ip, port: settings.listenPort },
    ...more,
    direction: 'OUTBOUND',
    bindsToPort: true,
    handsOver: true,
    ...(capture.interception === 'TPROXY' ? { isTransparent: true } : {}),
    filters: asksDns ? [{ kind: 'http-inspector' }] : [],
    acceptsOneByOne: true,
    chains: [
      // A connection straight to this port would come back for ever.
      chain('virtualOutbound-blackhole', blackHole, settings.listenPort),
      ...(asksDns ? [requestsByDns(context)] : []),
      chain('virtualOutbound-catchall-tcp', capture.unclaimed.cluster),
    ],
    ...(accessLog === undefined ? {} : { accessLog }),
    origins: [],
  };
}

/** Requests to addresses that no service has: the host that they name decides where they go. */
function requestsByDns(context: OutboundContext): FilterChainIr {
  const hosts = [otherRequests(context.capture.unclaimed)];
  const manager = outboundManager('', 'outbound_virtualOutbound_allow_any_dynamic_dns;', false, context);
  return {
    name: 'virtualOutbound-catchall-tcp-http',
    match: { alpn: plainHttp.alpn },
    network: {
      kind: 'http',
      manager: { ...manager, routes: { kind: 'inline', name: 'allow_any_dynamic_dns', hosts } },
    },
  };
}

/** The sidecar as an HTTP proxy, for applications that are told of one by HTTP_PROXY. */
export function httpProxyListener(context: OutboundContext): ListenerIr | undefined {
  const { capture, settings } = context;
  const { loopback, httpProxyPort: port } = capture;
  if (port === 0) return undefined;
  const manager = outboundManager('http_proxy', `outbound_${loopback}_${port};`, false, context);
  return {
    name: `${loopback}_${port}`,
    address: { ip: loopback, port },
    direction: 'OUTBOUND',
    bindsToPort: true,
    filters: [],
    inspectionTimeoutMs: settings.protocolDetectionTimeoutMs,
    continuesOnTimeout: true,
    acceptsOneByOne: true,
    chains: [
      {
        network: { kind: 'http', manager: { ...manager, allowsAbsoluteUrls: true } },
        connectTimeoutMs: handshakeTimeoutMs,
      },
    ],
    ...(settings.accessLog === undefined ? {} : { accessLog: settings.accessLog }),
    origins: [],
  };
}
