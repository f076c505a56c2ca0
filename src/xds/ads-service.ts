/** The aggregated discovery service: what each request means to its stream, in both dialects. */
import type { Log } from '../lib/log.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Scope } from '../model/scope.ts';
import { clusterType, listenerType, type TypeUrl } from '../resource/types.ts';
import type { View } from '../resource/view.ts';
import { AdsStream, type StreamEvents } from './ads-stream.ts';
import { type Dialect, delta, sotw } from './dialect.ts';
import { type Call, type CallHandler, type OpenCall, status } from './grpc.ts';
import { NodeError, toProxy } from './node.ts';
import {
  type DeltaRequest,
  decodeDeltaRequest,
  decodeSotwRequest,
  type NodeMessage,
  RequestError,
  type SotwRequest,
} from './request.ts';
import { Subscriptions } from './subscription.ts';
import type { TypeStatus } from './type-state.ts';

/** The mesh, as streams see it. */
export interface ProxyHost {
  /** Makes a proxy known; `onScope` is called when the mesh sees it differently from then on. */
  connect(proxy: Proxy, onScope: (scope: Scope) => void): { readonly scope: Scope; close(): void };
  view(type: TypeUrl, scope: Scope): View | undefined;
}

export interface AdsServiceOptions {
  readonly host: ProxyHost;
  readonly log: Log;
  /** Who answers, as istioctl reads it. */
  readonly controlPlane: string;
  readonly events: StreamEvents;
  /** Told of each request when it has been taken. */
  readonly onRequest?: () => void;
  readonly now: () => number;
}

/** One connected proxy. */
export interface ConnectionStatus {
  readonly proxy: Proxy;
  readonly scope: Scope;
  readonly dialect: Dialect['name'];
  readonly peer: string;
  readonly connectedAtMs: number;
  readonly types: readonly TypeStatus[];
}

/** Types for which asking for nothing in particular means all. */
const wildcardTypes: ReadonlySet<TypeUrl> = new Set([clusterType, listenerType]);

const service = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

interface Connection {
  readonly proxy: Proxy;
  readonly stream: AdsStream;
  readonly dialect: Dialect;
  readonly peer: string;
  readonly connectedAtMs: number;
  close(): void;
}

export class AdsService {
  readonly #options: AdsServiceOptions;
  readonly #subscriptions = new Subscriptions();
  readonly #connections = new Set<Connection>();
  #lastNumber = 0;

  constructor(options: AdsServiceOptions) {
    this.#options = options;
  }

  /** The methods to serve, by path. */
  get methods(): ReadonlyMap<string, OpenCall> {
    return new Map([
      [`${service}/StreamAggregatedResources`, (call) => this.#open(call, sotw)],
      [`${service}/DeltaAggregatedResources`, (call) => this.#open(call, delta)],
    ]);
  }

  connections(): readonly ConnectionStatus[] {
    return [...this.#connections].map(({ proxy, stream, dialect, peer, connectedAtMs }) => ({
      proxy,
      scope: stream.scope,
      dialect: dialect.name,
      peer,
      connectedAtMs,
      types: stream.describe(),
    }));
  }

  #open(call: Call, dialect: Dialect): CallHandler {
    let connection: Connection | undefined;
    return {
      message: (bytes) => {
        try {
          const request = dialect === delta ? decodeDeltaRequest(bytes) : decodeSotwRequest(bytes);
          connection ??= this.#connect(call, dialect, request.node);
          if ('subscribe' in request) this.#takeDelta(connection.stream, request);
          else this.#takeSotw(connection.stream, request);
          this.#options.onRequest?.();
        } catch (error) {
          // A request that cannot be read ends its stream, and nothing else.
          const isClients = error instanceof NodeError || error instanceof RequestError;
          this.#options.log.warn('stream ended by a request that cannot be served', {
            proxy: connection?.proxy.name ?? call.peer,
            error,
          });
          call.end(isClients ? status.invalidArgument : status.internal, (error as Error).message);
        }
      },
      closed: () => {
        connection?.close();
        connection = undefined;
      },
    };
  }

  #connect(call: Call, dialect: Dialect, node: NodeMessage | undefined): Connection {
    const { host, log, controlPlane, events, now } = this.#options;
    if (node === undefined) throw new NodeError('expected a node in the first request, found none');
    this.#lastNumber += 1;
    const proxy = toProxy(node, this.#lastNumber);
    const place = host.connect(proxy, (scope) => stream.move(scope));
    const viewOf = (type: TypeUrl, scope: Scope) => host.view(type, scope);
    const rejected: StreamEvents['rejected'] = (type, error, nonce) => {
      const what = `${type.slice(type.lastIndexOf('.') + 1)} resources`;
      log.error(`${proxy.name} rejected ${what} and keeps those it had: ${error.message.trim()}`, { type, nonce });
      events.rejected(type, error, nonce);
    };
    const stream = new AdsStream(
      { dialect, log, controlPlane, events: { ...events, rejected }, now, send: call.send, viewOf },
      place.scope,
    );
    const connection: Connection = {
      proxy,
      stream,
      dialect,
      peer: call.peer,
      connectedAtMs: now(),
      close: () => {
        this.#connections.delete(connection);
        stream.close();
        place.close();
        log.info('proxy disconnected', { proxy: proxy.connection });
      },
    };
    this.#connections.add(connection);
    log.info('proxy connected', { proxy: proxy.connection, dialect: dialect.name, peer: call.peer });
    return connection;
  }

  #takeSotw(stream: AdsStream, { typeUrl, nonce, names, error }: SotwRequest): void {
    const known = stream.state(typeUrl);
    // No nonce on a type that has been answered: the client starts afresh.
    if (known === undefined || (nonce === '' && known.status.sent !== '')) {
      const state = known ?? stream.open(typeUrl);
      const subscription = this.#subscriptions.firstSotw(names, wildcardTypes.has(typeUrl));
      state.wantsAll = subscription.isWildcard || subscription.names.size > 0;
      stream.subscribe(state, subscription, []);
      return;
    }
    if (nonce !== known.status.sent) {
      this.#options.events.expired(typeUrl);
      return;
    }
    const before = known.subscription;
    const subscription = this.#subscriptions.nextSotw(before, names);
    stream.answer(known, nonce, error);
    if (subscription === before) return;
    const added = [...subscription.names].filter((name) => !before.names.has(name));
    stream.subscribe(known, subscription, added);
  }

  #takeDelta(stream: AdsStream, request: DeltaRequest): void {
    const { typeUrl, nonce, subscribe, unsubscribe, initialVersions, error } = request;
    const known = stream.state(typeUrl);
    if (known === undefined) {
      const state = stream.open(typeUrl);
      const subscription = this.#subscriptions.firstDelta(subscribe, unsubscribe, wildcardTypes.has(typeUrl));
      state.wantsAll = subscription.isWildcard || subscription.names.size > 0;
      if (initialVersions.size > 0) state.held = initialVersions;
      stream.subscribe(state, subscription, []);
      return;
    }
    if (nonce !== '') {
      if (nonce === known.status.sent) stream.answer(known, nonce, error);
      else this.#options.events.expired(typeUrl);
    }
    if (subscribe.length === 0 && unsubscribe.length === 0) return;
    const subscription = this.#subscriptions.nextDelta(known.subscription, subscribe, unsubscribe);
    // A client that gives up a name under a wildcard is told whether the wildcard still means it.
    const uncertain = subscription.isWildcard ? unsubscribe : [];
    stream.subscribe(
      known,
      subscription,
      [...subscribe, ...uncertain].filter((name) => name !== '*'),
    );
  }
}
