/** The listeners that stand before a workload's ports, or behind their capture. */
import type { HttpRetry } from '../config/virtual-service.ts';
import type { FilterChainIr, HttpManagerIr, ListenerFilterIr, ListenerIr, TcpProxyIr } from '../ir/listener.ts';
import type { RouteIr } from '../ir/route.ts';
import { isHttp, isHttp2 } from '../model/protocol.ts';
import { tcpNetwork } from './access-log.ts';
import { retryOf } from './http-retry.ts';
import type { InboundContext, InboundPort } from './inbound-port.ts';
import { blackHole, inboundCluster, inboundPassthrough } from './names.ts';
import { pathHandling, plainHttp } from './outbound-listener.ts';
import { tcpProxy } from './tcp-route.ts';
import { familyOf, wildcards } from './wildcard.ts';

/** Where redirected connections arrive from outside, with chains for each port. */
export function virtualInbound(ports: readonly InboundPort[], context: InboundContext): ListenerIr {
  const { settings, capture, serving } = context;
  const { ip, ...more } = wildcards(familyOf(serving.families));
  const listenPort = settings.inboundListenPort;
  const inspected: ListenerFilterIr[] = [
    { kind: 'original-destination' },
    ...(capture.interception === 'TPROXY' ? [{ kind: 'original-source' as const, mark: 1337 }] : []),
    {
      kind: 'http-inspector',
      disabledFor: {
        ports: [
          ...ports.filter(({ protocol }) => protocol !== 'auto').map(({ targetPort }) => targetPort),
          listenPort,
        ].sort((a, b) => a - b),
      },
    },
  ];
  const passAll: TcpProxyIr = tcpProxy(inboundPassthrough, [{ name: inboundPassthrough, weight: 0 }], false, {}, 'TCP');
  return {
    name: 'virtualInbound',
    address: { ip, port: listenPort },
    ...more,
    direction: 'INBOUND',
    bindsToPort: true,
    ...(capture.interception === 'TPROXY' ? { isTransparent: true } : {}),
    filters: inspected,
    inspectionTimeoutMs: settings.protocolDetectionTimeoutMs,
    continuesOnTimeout: true,
    acceptsOneByOne: true,
    chains: [
      // A connection straight to this port would come back for ever.
      {
        name: 'virtualInbound-blackhole',
        match: { destinationPort: listenPort },
        network: tcpNetwork(tcpProxy(blackHole, [{ name: blackHole, weight: 0 }], false, {}, 'TCP'), settings),
      },
      {
        name: 'virtualInbound-catchall-http',
        match: plainHttp,
        network: { kind: 'http', manager: passthroughManager(context) },
      },
      { name: 'virtualInbound', match: { transport: 'raw_buffer' }, network: tcpNetwork(passAll, settings) },
      ...ports.flatMap((port) => portChains(port, port.listener === undefined ? ip : ownAddress(context), context)),
    ],
    ...(settings.accessLog === undefined ? {} : { accessLog: settings.accessLog }),
    origins: [...new Set(ports.flatMap(({ origins }) => origins))],
  };
}

function ownAddress({ serving }: InboundContext): string {
  return serving.addresses[0] ?? '0.0.0.0';
}

/** The address where a port is listened on for real; undefined when its connections are captured. */
export function boundAddress({ listener }: InboundPort, context: InboundContext): string | undefined {
  const { interception } = context.capture;
  if (listener === undefined) return interception === 'NONE' ? ownAddress(context) : undefined;
  const { bind, captureMode } = listener;
  const isForeign = bind !== '' && bind !== '0.0.0.0' && !context.serving.addresses.includes(bind);
  if (captureMode === 'NONE' || (captureMode === 'DEFAULT' && interception === 'NONE') || isForeign)
    return bind === '' ? ownAddress(context) : bind;
  return undefined;
}

/** Ports that are not captured are listened on for real. */
export function boundListeners(ports: readonly InboundPort[], context: InboundContext): readonly ListenerIr[] {
  const { settings } = context;
  return ports.flatMap((port): readonly ListenerIr[] => {
    const ip = boundAddress(port, context);
    if (ip === undefined) return [];
    return [
      {
        name: `${ip}_${port.targetPort}`,
        address: { ip, port: port.targetPort },
        direction: 'INBOUND',
        bindsToPort: true,
        filters: port.protocol === 'auto' ? [{ kind: 'http-inspector' }] : [],
        inspectionTimeoutMs: settings.protocolDetectionTimeoutMs,
        continuesOnTimeout: true,
        acceptsOneByOne: true,
        chains: portChains(port, ip, context),
        ...(settings.accessLog === undefined ? {} : { accessLog: settings.accessLog }),
        origins: port.origins,
      },
    ];
  });
}

function portChains(inbound: InboundPort, ip: string, context: InboundContext): readonly FilterChainIr[] {
  const { targetPort, protocol, connectionPool, config } = inbound;
  const name = `${ip}_${targetPort}`;
  const cluster = inboundCluster(targetPort);
  const proxy = tcpProxy(
    cluster,
    [{ name: cluster, weight: 0 }],
    false,
    connectionPool === undefined ? {} : { connectionPool },
    protocol,
  );
  const common = { name, ...(config === undefined ? {} : { config }) };
  const raw = { destinationPort: targetPort, transport: 'raw_buffer' as const };
  const http: FilterChainIr = {
    ...common,
    match: protocol === 'auto' ? { ...raw, alpn: plainHttp.alpn } : raw,
    network: { kind: 'http', manager: portManager(inbound, ip, context) },
  };
  const bytes: FilterChainIr = { ...common, match: raw, network: tcpNetwork(proxy, context.settings) };
  if (isHttp(protocol)) return [http];
  return protocol === 'auto' ? [http, bytes] : [bytes];
}

function portManager(inbound: InboundPort, ip: string, context: InboundContext): HttpManagerIr {
  const { targetPort, port, service, protocol, connectionPool } = inbound;
  const cluster = inboundCluster(targetPort);
  const streams = connectionPool?.http?.maxConcurrentStreams;
  const idle = connectionPool?.http?.idleTimeout;
  return {
    ...manager(
      `inbound_${ip}_${targetPort};`,
      cluster,
      port.number,
      `${service.hostname}:${port.number}/*`,
      protocol === 'GRPC',
      context,
    ),
    ...(isHttp2(protocol) && streams !== undefined ? { http2: { maxConcurrentStreams: streams } } : {}),
    ...(idle === undefined ? {} : { idleTimeoutMs: idle }),
    ...(protocol === 'GRPC-Web' ? { hasGrpcWeb: true } : {}),
  };
}

function passthroughManager(context: InboundContext): HttpManagerIr {
  return manager(`${inboundPassthrough};`, inboundPassthrough, 0, ':0/*', false, context);
}

function manager(
  statPrefix: string,
  cluster: string,
  port: number,
  operation: string,
  isGrpc: boolean,
  { settings, capture }: InboundContext,
): HttpManagerIr {
  return {
    statPrefix,
    routes: {
      kind: 'inline',
      name: cluster,
      hosts: [
        {
          name: `inbound|http|${port}`,
          domains: ['*'],
          routes: [route(cluster, operation, isGrpc ? undefined : settings.inboundRetryPolicy, isGrpc)],
          countsAttempts: false,
          origins: [],
        },
      ],
    },
    direction: 'inbound',
    ...pathHandling(settings),
    ...(capture.speaksHttp10 ? { speaksHttp10: true } : {}),
    ...(settings.accessLog === undefined ? {} : { accessLog: settings.accessLog }),
  };
}

/** The application may have closed a connection that the sidecar kept: such a request never reached it and is sent again. */
function route(cluster: string, operation: string, retry: HttpRetry | undefined, isGrpc: boolean): RouteIr {
  const asked = retry === undefined ? undefined : retryOf(retry, true);
  const again = { on: 'reset-before-request', attempts: 2, statusCodes: [], avoidsPreviousHosts: false };
  const policy = isGrpc ? undefined : retry === undefined ? again : asked;
  return {
    name: 'default',
    match: { path: { kind: 'prefix', value: '/' } },
    action: {
      kind: 'forward',
      clusters: [{ name: cluster, weight: 0 }],
      isWeighted: false,
      timeoutMs: 0,
      limits: 'stream-duration',
      ...(policy === undefined ? {} : { retry: policy }),
    },
    operation,
  };
}
