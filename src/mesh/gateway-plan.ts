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
  readonly namespace: string;
  /** Its place among the servers of its Gateway. */
  readonly index: number;
  readonly server: GatewayServer;
  /** The number that the Gateway states, which routes and rules mean. */
  readonly port: number;
  readonly protocol: Protocol;
  /** `https` and `terminated` take the TLS off, `passed` leaves it on. */
  readonly kind: 'http' | 'https' | 'tcp' | 'terminated' | 'passed';
  /** The name of its RouteConfiguration; empty for what is no HTTP. */
  readonly routeName: string;
  /** What clients may say to reach a server that takes TLS off; `*` alone when anything will do. Sorted. */
  readonly serverNames: readonly string[];
}

export interface PlannedListener {
  readonly port: number;
  readonly bind: string;
  /** In order of precedence. All plain HTTP, one plain TCP, or any number with TLS. */
  readonly servers: readonly PlannedServer[];
}

/** A server that is not served, and the reason. */
export interface GatewayConflict {
  /** `namespace/name` */
  readonly gateway: string;
  readonly server: number;
  readonly message: string;
  /** `namespace/name` of the Gateway that is in its way. */
  readonly winner: string;
}

export interface GatewayPlan {
  readonly listeners: readonly PlannedListener[];
  readonly conflicts: readonly GatewayConflict[];
}

interface OpenListener {
  readonly port: number;
  readonly bind: string;
  readonly servers: PlannedServer[];
  /** Hosts of servers with tls settings, with the namespaces that they are meant for, and the Gateways that have them. */
  readonly hosts: Map<string, string>;
  /** Names that clients say to reach one of the servers, and the Gateways that have them. */
  readonly names: Map<string, string>;
}

/**
 * Plans the servers of Gateways, which come oldest first. `portsOf` tells where the proxy listens for a stated port: the
 * target ports of the Services in front of it, or the port itself.
 */
export function planGateways(
  gateways: readonly Config<Gateway>[],
  portsOf: (gateway: Config<Gateway>, port: number) => readonly number[],
): GatewayPlan {
  const listeners = new Map<string, OpenListener>();
  const conflicts: GatewayConflict[] = [];
  for (const config of gateways) {
    for (const [index, server] of (config.spec.servers ?? []).entries()) {
      for (const port of portsOf(config, server.port?.number ?? 0)) {
        const planned = plan(config, index, server, port);
        const { bind = '' } = server;
        const key = `${bind}|${port}`;
        const listener: OpenListener = listeners.get(key) ?? {
          port,
          bind,
          servers: [],
          hosts: new Map(),
          names: new Map(),
        };
        const { joins, hindrance } = settle(planned, listener);
        if (hindrance !== undefined) conflicts.push({ gateway: planned.gateway, server: index, ...hindrance });
        if (joins === undefined) continue;
        listeners.set(key, listener);
        listener.servers.push(joins);
        if (server.tls !== undefined) for (const host of scopedHosts(joins)) listener.hosts.set(host, joins.gateway);
        for (const name of joins.serverNames) listener.names.set(name, joins.gateway);
      }
    }
  }
  return {
    listeners: [...listeners.values()]
      .map(({ port, bind, servers }) => ({ port, bind, servers }))
      .sort((a, b) => a.port - b.port || (a.bind < b.bind ? -1 : 1)),
    conflicts,
  };
}

function plan(
  { namespace, name }: Config<Gateway>,
  index: number,
  server: GatewayServer,
  listenPort: number,
): PlannedServer {
  const { number: port = 0, name: portName = '', protocol: text = '' } = server.port ?? {};
  const protocol = parseProtocol(text);
  const bind = server.bind === undefined || server.bind === '' ? '' : `.${server.bind}`;
  const kind = kindOf(protocol, server);
  const routeNames = {
    http: `http.${listenPort}${bind}`,
    // Unlike the listener, it bears the port that the Gateway states.
    https: `https.${port}.${portName}.${name}.${namespace}${bind}`,
  };
  const routeName = kind === 'http' || kind === 'https' ? routeNames[kind] : '';
  const gateway = `${namespace}/${name}`;
  const planned = { gateway, namespace, index, server, port, protocol, kind, routeName, serverNames: [] };
  if (kind !== 'https' && kind !== 'terminated') return planned;
  const hosts = [...new Set(allHosts(planned))].sort();
  return { ...planned, serverNames: hosts.includes('*') ? ['*'] : hosts };
}

function kindOf(protocol: Protocol, { tls }: GatewayServer): PlannedServer['kind'] {
  if (isHttp(protocol)) return 'http';
  if (!isTls(protocol)) return 'tcp';
  const mode = tls?.mode ?? 'PASSTHROUGH';
  if (mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH') return 'passed';
  return protocol === 'HTTPS' ? 'https' : 'terminated';
}

/** The part of a server that can join those that have the listener already, and what it must do without. */
function settle(
  planned: PlannedServer,
  listener: OpenListener,
): { readonly joins: PlannedServer | undefined; readonly hindrance?: Hindrance } {
  const hindrance = conflict(planned, listener);
  if (hindrance !== undefined) return { joins: undefined, hindrance };
  // Two chains for one server name would make Envoy refuse the listener and all of its hosts.
  const shared = planned.serverNames.filter((name) => listener.names.has(name));
  const [first] = shared;
  if (first === undefined) return { joins: planned };
  const serverNames = planned.serverNames.filter((name) => !listener.names.has(name));
  const found = `${shared.join(', ')} again, for another namespace`;
  return {
    joins: serverNames.length === 0 ? undefined : { ...planned, serverNames },
    hindrance: {
      message: `expected server names that no older server of port ${planned.port} has, found ${found}`,
      winner: listener.names.get(first) ?? planned.gateway,
    },
  };
}

type Hindrance = Pick<GatewayConflict, 'message' | 'winner'>;

/** Why a server cannot join at all. */
function conflict(planned: PlannedServer, { servers, hosts }: OpenListener): Hindrance | undefined {
  const { server, port, protocol } = planned;
  const [first] = servers;
  if (first === undefined) return undefined;
  const again = server.tls === undefined ? undefined : scopedHosts(planned).find((host) => hosts.has(host));
  if (again !== undefined)
    return {
      message: `expected hosts that no older server of port ${port} has, found ${again.replace(/^\*\//, '')} again`,
      winner: hosts.get(again) ?? first.gateway,
    };
  if ((isPlain(first) || isPlain(planned)) && !(first.kind === 'http' && planned.kind === 'http'))
    return {
      message: `expected ${first.protocol} as in the older Gateway ${first.gateway} on port ${port}, found ${protocol}`,
      winner: first.gateway,
    };
  return undefined;
}

const isPlain = ({ kind }: PlannedServer) => kind === 'http' || kind === 'tcp';

/** The hosts of a server with the namespaces that they are meant for: `*\/host` when for all. */
function scopedHosts({ server, namespace }: Pick<PlannedServer, 'server' | 'namespace'>): readonly string[] {
  const hosts = (server.hosts ?? []).map((host) => {
    const [scope = '', name] = host.includes('/') ? host.split('/') : ['*', host];
    return `${scope === '.' ? namespace : scope}/${(name ?? '').toLowerCase()}`;
  });
  return hosts.includes('*/*') ? ['*/*'] : hosts;
}

/** The hosts of a server that rules of a namespace may use. */
export function hostsFor(
  planned: Pick<PlannedServer, 'server' | 'namespace'>,
  ruleNamespace: string,
): readonly string[] {
  return scopedHosts(planned).flatMap((entry) => {
    const [scope, host = ''] = entry.split('/');
    return scope === '*' || scope === ruleNamespace ? [host] : [];
  });
}

/** Every host of a server, whoever may use it. */
export function allHosts(planned: Pick<PlannedServer, 'server' | 'namespace'>): readonly string[] {
  return scopedHosts(planned).map((entry) => entry.slice(entry.indexOf('/') + 1));
}

/** Whether a server lets clients choose any service of the mesh by its server name. */
export function passesAutomatically({ kind, server }: PlannedServer): boolean {
  return kind === 'passed' && server.tls?.mode === 'AUTO_PASSTHROUGH';
}
