/** The aggregated discovery service: what each request means to its stream, in both dialects. */
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Scope } from '../model/scope.ts';
import { clusterType, endpointType, listenerType, nameTableType, nameType, type TypeUrl } from '../resource/types.ts';
import type { View } from '../resource/view.ts';
import { AdsStream, type StreamEvents } from './ads-stream.ts';
import { type Call, type CallHandler, type OpenCall, type StatusCode, status } from './call.ts';
import { type DebugAnswer, DebugStream, isDebugType, PermissionError } from './debug-stream.ts';
import { type Dialect, delta, sotw } from './dialect.ts';
import { LimitError } from './limit-error.ts';
import { NodeError, toProxy } from './node.ts';
import { RefusalError } from './refusal-error.ts';
import {
  type DeltaRequest,
  decodeDeltaRequest,
  decodeSotwRequest,
  type NodeMessage,
  RequestError,
  type SotwRequest,
} from './request.ts';
import { nothing, type Subscription, Subscriptions, star } from './subscription.ts';
import type { TypeState, TypeStatus } from './type-state.ts';

/** A proxy, as the mesh has taken it. */
export interface ConnectedProxy {
  readonly scope: Scope;
  /** Takes what the proxy's agent says of its application: what is wrong, or (undefined) that all is well. */
  reportHealth?(problem: string | undefined): void;
  close(): void;
}

/** The mesh, as streams see it. */
export interface ProxyHost {
  /** Makes a proxy known; `onScope` is called when the mesh sees it differently from then on. Throws RefusalError. */
  connect(proxy: Proxy, onScope: (scope: Scope) => void): ConnectedProxy;
  view(type: TypeUrl, scope: Scope): View | undefined;
}

export interface AdsServiceOptions {
  readonly host: ProxyHost;
  readonly log: Log;
  /** Who answers, as istioctl reads it. */
  readonly controlPlane: string;
  readonly events: StreamEvents;
  /** Answers the questions of tools, which may ask on any stream. */
  readonly debug: DebugAnswer;
  /** Told of each request of a proxy when it has been taken. */
  readonly onRequest?: () => void;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly clock?: Clock;
  /** How long a proxy's answer is waited for, in milliseconds. A second is long for a proxy that is well. */
  readonly patienceMs?: number;
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
const implyAll: ReadonlySet<TypeUrl> = new Set([clusterType, listenerType, nameTableType, nameType]);
/** Types of which all can be asked for. */
const haveWildcard: ReadonlySet<TypeUrl> = new Set([...implyAll, endpointType]);

/** Far more than any proxy asks for; a client that asks for more costs others too much. */
const mostTypes = 100;
const mostNames = 500_000;
/** So many refused proxies are remembered at a time. */
const mostRefusals = 10_000;

/** Istio's way for agents to say how applications are; nothing is answered. */
const healthType: TypeUrl = 'type.googleapis.com/istio.v1.HealthInformation';

const service = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

interface Connection {
  readonly proxy: Proxy;
  readonly stream: AdsStream;
  readonly dialect: Dialect;
  readonly peer: string;
  readonly connectedAtMs: number;
  readonly reportHealth: NonNullable<ConnectedProxy['reportHealth']>;
  close(): void;
}

export class AdsService {
  readonly #options: AdsServiceOptions;
  readonly #subscriptions = new Subscriptions();
  readonly #connections = new Set<Connection>();
  /** Why proxies were refused last, by name. */
  readonly #refusals = new Map<string, string>();
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
    /** What a tool says of itself, should it turn out to be a proxy. */
    let firstNode: NodeMessage | undefined;
    /** Whatever goes wrong with a stream ends it, and nothing else. */
    const failed = (error: unknown) => {
      const code = statusOf(error);
      const proxy = connection?.proxy.name ?? call.peer;
      if (error instanceof RefusalError) this.#refused(error);
      else if (code === status.internal) this.#options.log.error('a stream failed', { proxy, error });
      else this.#options.log.warn('a stream ended by a request that cannot be served', { proxy, error });
      call.end(code, code === status.internal ? 'internal error' : (error as Error).message);
    };
    const { debug: answer, controlPlane } = this.#options;
    const debug = new DebugStream({ dialect, controlPlane, answer, send: call.send, failed });
    return {
      message: (bytes) => {
        try {
          const request = dialect === delta ? decodeDeltaRequest(bytes) : decodeSotwRequest(bytes);
          if (isDebugType(request.typeUrl)) {
            firstNode ??= request.node;
            debug.ask(request, { peer: call.peer, connection: connection?.proxy.connection });
            return;
          }
          connection ??= this.#connect(call, dialect, request.node ?? firstNode, failed);
          if (request.typeUrl === healthType)
            connection.reportHealth(request.error && (request.error.message || 'not healthy'));
          else if ('subscribe' in request) this.#takeDelta(connection.stream, request);
          else this.#takeSotw(connection.stream, request);
          this.#options.onRequest?.();
        } catch (error) {
          failed(error);
        }
      },
      closed: () => {
        debug.close();
        connection?.close();
        connection = undefined;
      },
    };
  }

  /** Refused proxies ask again and again, on each of their streams: the log says why once. */
  #refused({ proxy, message }: RefusalError): void {
    const isTold = this.#refusals.get(proxy) === message;
    this.#options.log[isTold ? 'debug' : 'warn'](`a proxy is not served: ${message}`, { proxy });
    if (this.#refusals.size >= mostRefusals) this.#refusals.clear();
    this.#refusals.set(proxy, message);
  }

  #connect(call: Call, dialect: Dialect, node: NodeMessage | undefined, failed: (error: unknown) => void): Connection {
    const { host, log, now, clock = systemClock, controlPlane, events, patienceMs = 1000 } = this.#options;
    if (node === undefined) throw new NodeError('expected a node in the first request, found none');
    this.#lastNumber += 1;
    const proxy = toProxy(node, this.#lastNumber);
    const place = host.connect(proxy, (scope) => {
      try {
        stream.move(scope);
      } catch (error) {
        failed(error);
      }
    });
    const rejected: StreamEvents['rejected'] = (type, error, nonce) => {
      const what = `${type.slice(type.lastIndexOf('.') + 1)} resources`;
      log.error(`${proxy.name} rejected ${what} and keeps those it had: ${error.message.trim()}`, { type, nonce });
      events.rejected(type, error, nonce);
    };
    this.#refusals.delete(proxy.name);
    const { send } = call;
    const viewOf: ProxyHost['view'] = (type, scope) => host.view(type, scope);
    const stream = new AdsStream(
      { dialect, now, clock, controlPlane, patienceMs, send, viewOf, events: { ...events, rejected }, failed },
      place.scope,
    );
    const connection: Connection = {
      proxy,
      stream,
      dialect,
      peer: call.peer,
      connectedAtMs: now(),
      reportHealth: (problem) => place.reportHealth?.(problem),
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

  #takeSotw(stream: AdsStream, request: SotwRequest): void {
    const { typeUrl, nonce, error } = request;
    const names = meant(typeUrl, request.names);
    const known = stream.state(typeUrl);
    if (known === undefined) {
      const state = this.#start(stream, typeUrl, this.#subscriptions.firstSotw(names, implyAll.has(typeUrl)));
      state.wantsAll = request.names.length > 0 || state.subscription !== nothing;
      return;
    }
    if (nonce !== '' && nonce !== known.status.sent) {
      this.#options.events.expired(typeUrl);
      noteDropped(known, names);
      return;
    }
    const before = known.subscription;
    const subscription = bounded(this.#subscriptions.nextSotw(before, names));
    const { dropped } = known;
    const added = [...subscription.names].filter((name) => !before.names.has(name) || dropped.has(name));
    // A request that answers nothing: the client starts afresh, or asks again before the first answer.
    if (nonce === '' || (subscription.isWildcard && dropped.has(star))) known.wantsAll = true;
    dropped.clear();
    if (nonce !== '') stream.answer(known, nonce, error);
    if (subscription !== before || added.length > 0 || known.wantsAll) stream.subscribe(known, subscription, added);
  }

  #takeDelta(stream: AdsStream, request: DeltaRequest): void {
    const { typeUrl, nonce, initialVersions, error } = request;
    const [subscribe, unsubscribe] = [meant(typeUrl, request.subscribe), meant(typeUrl, request.unsubscribe)];
    const known = stream.state(typeUrl);
    if (known === undefined) {
      const subscription = this.#subscriptions.firstDelta(subscribe, unsubscribe, implyAll.has(typeUrl));
      const state = this.#start(stream, typeUrl, subscription, initialVersions);
      state.wantsAll = request.subscribe.length > 0 || subscription !== nothing;
      return;
    }
    if (nonce !== '') {
      if (nonce === known.status.sent) {
        stream.answer(known, nonce, error);
      } else {
        this.#options.events.expired(typeUrl);
        if (error !== undefined) stream.reject(known, nonce, error);
      }
    }
    if (subscribe.length === 0 && unsubscribe.length === 0) return;
    const before = known.subscription;
    const subscription = bounded(this.#subscriptions.nextDelta(before, subscribe, unsubscribe));
    // What a client subscribes to it is sent, even if it has asked for it before.
    if (subscription.isWildcard && subscribe.includes(star)) known.askAgain();
    // A client that gives up a name under a wildcard is told whether the wildcard still means it.
    const uncertain = subscription.isWildcard ? unsubscribe.filter((name) => before.names.has(name)) : [];
    stream.subscribe(
      known,
      subscription,
      [...subscribe, ...uncertain].filter((name) => name !== star),
    );
  }

  #start(
    stream: AdsStream,
    type: TypeUrl,
    subscription: Subscription,
    held: ReadonlyMap<string, string> = new Map(),
  ): TypeState {
    if (stream.size >= mostTypes) throw new LimitError(`expected at most ${mostTypes} types on a stream`);
    return stream.open(type, bounded(subscription), held);
  }
}

/**
 * A request that crossed a response is not answered; the next one lists all that is wanted. But what the client does not
 * ask for in between it lets go of, and needs again if it asks again.
 */
function noteDropped({ subscription, dropped }: TypeState, names: readonly string[]): void {
  const asked = new Set(names);
  if (subscription.isLegacy && asked.size === 0) return;
  for (const name of subscription.names) if (!asked.has(name)) dropped.add(name);
  if (subscription.isWildcard && !asked.has(star)) dropped.add(star);
}

/** The names in a request; a star says nothing where there is no wildcard. */
function meant(type: TypeUrl, names: readonly string[]): readonly string[] {
  return haveWildcard.has(type) ? names : names.filter((name) => name !== star);
}

function bounded(subscription: Subscription): Subscription {
  const { size } = subscription.names;
  if (size > mostNames) throw new LimitError(`expected at most ${mostNames} names of a type, found ${size}`);
  return subscription;
}

function statusOf(error: unknown): StatusCode {
  if (error instanceof RequestError || error instanceof NodeError) return status.invalidArgument;
  if (error instanceof PermissionError) return status.permissionDenied;
  if (error instanceof RefusalError) return status.failedPrecondition;
  return error instanceof LimitError ? status.resourceExhausted : status.internal;
}
