/**
 * Which servers of which Gateways a gateway proxy really serves: several Gateways may want one port, and the older one says
 * what it speaks.
 */
import type { Config } from '../config/config.ts';
import type { Gateway, GatewayServer } from '../config/gateway.ts';
import { isHttp, isTls, type Protocol, parseProtocol } from '../model/protocol.ts';

/** One server of one Gateway, at the port where the proxy listens for it. */
export interface PlannedServer {
  /** `namespace/name` */
  readonly gateway: string;
  readonly name: string;
  readonly namespace: string;
  readonly server: GatewayServer;
  /** The number that the Gateway states, which routes and rules mean. */
  readonly port: number;
  readonly protocol: Protocol;
  readonly kind: 'http' | 'https' | 'tcp' | 'tls';
  /** The name of its RouteConfiguration; empty for what is no HTTP. */
  readonly routeName: string;
}

export interface PlannedListener {
  readonly port: number;
  readonly bind: string;
  /** In order of precedence. All plain HTTP, one plain TCP, or any number with TLS. */
  readonly servers: readonly PlannedServer[];
}

/** A server that is not served, and the reason. */
export interface GatewayConflict {
  readonly gateway: string;
  readonly server: number;
  readonly message: string;
}

export interface GatewayPlan {
  readonly listeners: readonly PlannedListener[];
  readonly conflicts: readonly GatewayConflict[];
}

/**
 * Plans the servers of Gateways, which come oldest first. `portsOf` tells where the proxy listens for a stated port: the
 * target ports of the Services in front of it, or the port itself.
 */
export function planGateways(
  gateways: readonly Config<Gateway>[],
  portsOf: (port: number) => readonly number[],
): GatewayPlan {
  const listeners = new Map<string, { port: number; bind: string; servers: PlannedServer[] }>();
  const conflicts: GatewayConflict[] = [];
  for (const config of gateways) {
    for (const [index, server] of (config.spec.servers ?? []).entries()) {
      for (const port of portsOf(server.port?.number ?? 0)) {
        const planned = plan(config, server, port);
        const key = `${server.bind ?? ''}|${port}`;
        const listener = listeners.get(key);
        const reason = listener === undefined ? undefined : conflict(planned, listener.servers);
        if (reason !== undefined) conflicts.push({ gateway: planned.gateway, server: index, message: reason });
        else if (listener === undefined) listeners.set(key, { port, bind: server.bind ?? '', servers: [planned] });
        else listener.servers.push(planned);
      }
    }
  }
  return {
    listeners: [...listeners.values()].sort((a, b) => a.port - b.port || (a.bind < b.bind ? -1 : 1)),
    conflicts,
  };
}

function plan({ namespace, name }: Config<Gateway>, server: GatewayServer, listenPort: number): PlannedServer {
  const protocol = parseProtocol(server.port?.protocol ?? '');
  const bind = server.bind === undefined || server.bind === '' ? '' : `.${server.bind}`;
  const mode = server.tls?.mode ?? 'PASSTHROUGH';
  const passes = mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH';
  const kind = isHttp(protocol)
    ? 'http'
    : protocol === 'HTTPS'
      ? passes
        ? 'tls'
        : 'https'
      : isTls(protocol)
        ? 'tls'
        : 'tcp';
  const routeName =
    kind === 'http'
      ? `http.${listenPort}${bind}`
      : kind === 'https'
        ? `https.${listenPort}.${server.port?.name ?? ''}.${name}.${namespace}${bind}`
        : '';
  return {
    gateway: `${namespace}/${name}`,
    name,
    namespace,
    server,
    port: server.port?.number ?? 0,
    protocol,
    kind,
    routeName,
  };
}

/** Why a server cannot join those that have the listener already. */
function conflict(server: PlannedServer, [first, ...others]: readonly PlannedServer[]): string | undefined {
  if (first === undefined) return undefined;
  const isPlain = (one: PlannedServer) => one.kind === 'http' || one.kind === 'tcp';
  if (isPlain(first) || isPlain(server)) {
    if (first.kind === 'http' && server.kind === 'http') return undefined;
    return `expected ${first.protocol} as in the older Gateway ${first.gateway} on port ${server.port}, found ${server.protocol}`;
  }
  const all = [first, ...others];
  if (server.routeName !== '' && all.some(({ routeName }) => routeName === server.routeName))
    return `expected a port name of its own among the HTTPS servers of port ${server.port}, found ${server.server.port?.name ?? 'none'} again`;
  const taken = new Set(all.flatMap(serverHosts));
  const again = serverHosts(server).find((host) => taken.has(host));
  return again === undefined
    ? undefined
    : `expected hosts that no other server of port ${server.port} has, found ${again} again`;
}

/** The hosts of a server with the namespaces that they are meant for: `*\/host` when for all. */
function serverHosts({ server, namespace }: PlannedServer): readonly string[] {
  return (server.hosts ?? []).map((host) => {
    const [scope = '', name] = host.includes('/') ? host.split('/') : ['*', host];
    return `${scope === '.' ? namespace : scope}/${(name ?? '').toLowerCase()}`;
  });
}

/** The hosts of a server that rules of a namespace may use. */
export function hostsFor(planned: PlannedServer, ruleNamespace: string): readonly string[] {
  return serverHosts(planned).flatMap((entry) => {
    const [scope, host = ''] = entry.split('/');
    return scope === '*' || scope === ruleNamespace ? [host] : [];
  });
}

/** Every host of a server, whoever may use it. */
export function allHosts(planned: PlannedServer): readonly string[] {
  return serverHosts(planned).map((entry) => entry.slice(entry.indexOf('/') + 1));
}
