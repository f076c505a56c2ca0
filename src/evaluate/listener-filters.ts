/**
 * What the listener filters find out about a connection before a filter chain is chosen: its original addresses, whether
 * it is TLS, the server name, and the application protocols.
 */
import type { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import type {
  ListenerFilter,
  ListenerFilterChainMatchPredicate,
} from '../proto/envoy/config/listener/v3/listener_components.ts';
import { type Call, type SocketAddress, sourceOf } from './call.ts';
import { typeName } from './configuration.ts';
import { durationMs } from './duration.ts';
import { type Choice, chosen, ending, refusal } from './outcome.ts';

/** A connection as far as Envoy knows it when it chooses a filter chain. */
export interface Connection {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** Who is at the other end of the wire; another than `remote` behind a load balancer with PROXY protocol. */
  readonly directRemote: SocketAddress;
  readonly transport: 'raw_buffer' | 'tls';
  /** In lower case; empty when there is none or nobody looked. */
  readonly serverName: string;
  readonly applicationProtocols: readonly string[];
}

/** `local` is the connection's destination as far as it is restored already. */
export function inspect(listener: Listener, call: Call, local: SocketAddress): Choice<Connection> {
  const source = sourceOf(call);
  let connection: Connection = {
    local,
    remote: source,
    directRemote: source,
    transport: 'raw_buffer',
    serverName: '',
    applicationProtocols: [],
  };
  for (const filter of listener.listenerFilters ?? []) {
    const inspector = inspectorOf(filter);
    if (inspector === undefined || isDisabled(filter.filterDisabled, connection.local.port)) continue;
    const next = inspector(connection, call);
    if (next === 'waits') {
      if (continues(listener)) continue;
      return ending('listener filters', refusal('no answer', waiting(filter, listener)));
    }
    if (next === 'refuses')
      return ending('listener filters', refusal('protocol error', `${filter.name ?? ''} expects a PROXY header first`));
    connection = next;
  }
  return { found: connection, step: chosen('listener filters', undefined, report(connection)) };
}

type Inspector = (connection: Connection, call: Call) => Connection | 'waits' | 'refuses';

function inspectorOf({ configType }: ListenerFilter): Inspector | undefined {
  if (configType?.$case !== 'typedConfig') return undefined;
  switch (typeName(configType.value)) {
    case 'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector':
      return inspectTls;
    case 'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector':
      return inspectHttp;
    case 'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol':
      return readProxyHeader;
    default:
      return undefined;
  }
}

function inspectTls(connection: Connection, { tls, payload }: Call): Connection | 'waits' {
  if (tls === undefined) return payload.kind === 'silence' ? 'waits' : connection;
  return {
    ...connection,
    transport: 'tls',
    serverName: tls.sni?.toLowerCase() ?? '',
    applicationProtocols: tls.alpn,
  };
}

const inspectedProtocols = { 'http/1.0': 'http/1.0', 'http/1.1': 'http/1.1', h2: 'h2c' } as const;

function inspectHttp(connection: Connection, { tls, payload }: Call): Connection | 'waits' {
  if (connection.transport === 'tls') return connection;
  if (tls !== undefined || payload.kind === 'bytes') return connection;
  if (payload.kind === 'silence') return 'waits';
  return { ...connection, applicationProtocols: [inspectedProtocols[payload.version]] };
}

function readProxyHeader(connection: Connection, { proxyProtocol }: Call): Connection | 'refuses' {
  if (proxyProtocol === undefined) return 'refuses';
  return { ...connection, local: proxyProtocol.destination, remote: proxyProtocol.source };
}

/** Whether a filter sits out for a destination port. */
function isDisabled(predicate: ListenerFilterChainMatchPredicate | undefined, port: number): boolean {
  const rule = predicate?.rule;
  switch (rule?.$case) {
    case undefined:
      return false;
    case 'anyMatch':
      return rule.value;
    case 'destinationPortRange':
      return port >= (rule.value.start ?? 0) && port < (rule.value.end ?? 0);
    case 'notMatch':
      return !isDisabled(rule.value, port);
    case 'orMatch':
      return (rule.value.rules ?? []).some((inner) => isDisabled(inner, port));
    case 'andMatch':
      return (rule.value.rules ?? []).every((inner) => isDisabled(inner, port));
  }
}

/** Whether a client that stays silent gets on in the end. */
function continues(listener: Listener): boolean {
  return listener.continueOnListenerFiltersTimeout === true && timeoutMs(listener) > 0;
}

/** 0 means that the filters wait for as long as it takes; Envoy's own default is 15 s. */
function timeoutMs({ listenerFiltersTimeout }: Listener): number {
  if (listenerFiltersTimeout === undefined) return 15_000;
  return durationMs(listenerFiltersTimeout);
}

function waiting({ name = '' }: ListenerFilter, listener: Listener): string {
  const ms = timeoutMs(listener);
  return `${name} waits for the client's first bytes${ms === 0 ? '' : `, and closes the connection after ${ms} ms`}`;
}

function report({ local, transport, serverName, applicationProtocols }: Connection): string {
  const parts = [
    `destination ${local.ip} port ${local.port}`,
    `transport ${transport}`,
    serverName === '' ? 'no server name' : `server name ${serverName}`,
    applicationProtocols.length === 0 ? 'no protocol' : `protocol ${applicationProtocols.join(', ')}`,
  ];
  return parts.join(', ');
}
