/**
 * One aggregated stream: requests in, responses out, in order and under backpressure.
 *
 *      request ─► subscription, ACK or NACK ─┐
 *      change of a view, of the scope ───────┴─► flush: upserts in push order, then removals ─► frame ─► socket
 *
 * A type has at most one response under way, so that what changes meanwhile becomes one response, and a client that does
 * not read holds a bounded amount. Listeners and routes wait until the client has the clusters they may refer to, and
 * nothing is removed before all that is new has arrived. Each wait is bounded by the patience.
 */
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Scope } from '../model/scope.ts';
import {
  clusterType,
  endpointType,
  extensionType,
  listenerType,
  nameTableType,
  nameType,
  routeType,
  secretType,
  type TypeUrl,
} from '../resource/types.ts';
import type { SharedResponse, View } from '../resource/view.ts';
import type { Dialect, Draft } from './dialect.ts';
import type { ErrorDetail } from './request.ts';
import { asksFor, type Subscription } from './subscription.ts';
import { TypeState, type TypeStatus } from './type-state.ts';

export interface StreamOptions {
  readonly dialect: Dialect;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly clock: Clock;
  /** Who answers, as istioctl reads it. */
  readonly controlPlane: string;
  /** How long an answer is waited for before the next response goes out all the same, in milliseconds. */
  readonly patienceMs: number;
  /** Sends a frame; `written` is called when the client has room for more. */
  readonly send: (frame: Buffer, written: () => void) => void;
  readonly viewOf: (type: TypeUrl, scope: Scope) => View | undefined;
  readonly events: StreamEvents;
  /** Called when the stream cannot go on. */
  readonly failed: (error: unknown) => void;
}

/** Told of what happens, for metrics and logs. */
export interface StreamEvents {
  sent(type: TypeUrl, bytes: number, resources: number): void;
  /** The transport has taken the response, `ms` after it was sent. */
  written(type: TypeUrl, ms: number): void;
  rejected(type: TypeUrl, error: ErrorDetail, nonce: string): void;
  expired(type: TypeUrl): void;
  /** A change whose first cause was seen at `changedAtMs` is with the client. */
  acknowledged(type: TypeUrl, changedAtMs: number): void;
}

/** What refers to something goes before what it refers to. */
const removalOrder: readonly TypeUrl[] = [
  nameTableType,
  nameType,
  listenerType,
  routeType,
  clusterType,
  endpointType,
  secretType,
  extensionType,
];

/** Envoy lists every resource that it refuses; a client that means ill lists more. */
const longestMessage = 4096;

export class AdsStream {
  readonly #options: StreamOptions;
  /** In push order. */
  #states: readonly TypeState[] = [];
  #scope: Scope;
  #isScheduled = false;
  #isClosed = false;
  #counter = 0;
  #cancelWait: Cancel | undefined;
  /** Since when listeners or routes have waited for what they refer to, and removals for all that is new. */
  #heldBackSince: number | undefined;
  #removingSince: number | undefined;
  /** Clusters that were sent before the client asked for endpoints. */
  readonly #clustersAlone = new Set<string>();

  constructor(options: StreamOptions, scope: Scope) {
    this.#options = options;
    this.#scope = scope;
  }

  describe(): readonly TypeStatus[] {
    return this.#states.map((state) => state.describe());
  }

  get scope(): Scope {
    return this.#scope;
  }

  /** The state of a type, if the client has asked for it. */
  state(type: TypeUrl): TypeState | undefined {
    return this.#states.find((state) => state.type === type);
  }

  /** How many types the client has asked for. */
  get size(): number {
    return this.#states.length;
  }

  /** Starts following a type. `held`: what the client has from an earlier stream, name to version. */
  open(type: TypeUrl, subscription: Subscription, held: ReadonlyMap<string, string>): TypeState {
    const state = new TypeState(type, () => this.#schedule());
    state.open(this.#options.viewOf(type, this.#scope));
    state.subscribe(subscription);
    if (held.size > 0) state.held = new Map(held);
    if (type === endpointType) {
      // A cluster that has just been replaced waits for its endpoints, even if they are the ones that the client has.
      for (const name of this.#clustersAlone) state.doubt(name);
      this.#clustersAlone.clear();
    }
    this.#states = [...this.#states, state].sort((a, b) => a.rank - b.rank);
    this.#schedule();
    return state;
  }

  /** Changes what a client asks for; `forced` are names that it is to hear of whether or not they have changed. */
  subscribe(state: TypeState, subscription: Subscription, forced: Iterable<string>): void {
    const gainsAll = subscription.isWildcard && !state.subscription.isWildcard;
    state.subscribe(subscription);
    if (gainsAll) state.wantsAll = true;
    for (const name of forced) {
      state.forced.add(name);
      state.doubt(name);
    }
    for (const name of state.forced) if (!asksFor(subscription, name)) state.forced.delete(name);
    this.#schedule();
  }

  /** What a client says to the last response. */
  answer(state: TypeState, nonce: string, error: ErrorDetail | undefined): void {
    const { inFlight } = state;
    if (inFlight?.nonce === nonce) {
      state.inFlight = undefined;
      if (error === undefined && inFlight.changedAtMs !== undefined)
        this.#options.events.acknowledged(state.type, inFlight.changedAtMs);
    }
    if (error === undefined) state.status = { ...state.status, acked: nonce };
    else this.reject(state, nonce, error);
    this.#schedule();
  }

  /** A client refuses a response, be it the last or an earlier one. */
  reject(state: TypeState, nonce: string, { code, message }: ErrorDetail): void {
    const { events, now } = this.#options;
    const error = { code, message: message.slice(0, longestMessage).toWellFormed() };
    state.status = { ...state.status, lastError: { nonce, ...error, atMs: now() } };
    events.rejected(state.type, error, nonce);
  }

  /** The proxy is another one to the mesh now. */
  move(scope: Scope): void {
    if (this.#isClosed) return;
    this.#scope = scope;
    for (const state of this.#states) {
      const view = this.#options.viewOf(state.type, scope);
      if (view !== undefined) state.move(view);
    }
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelWait?.();
    for (const state of this.#states) state.close();
  }

  /** Flushes once what happens in this turn has happened. */
  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isClosed) return;
    this.#cancelWait?.();
    try {
      this.#send(this.#options.clock.now());
    } catch (error) {
      this.#options.failed(error);
    }
  }

  #send(now: number): void {
    // Where there is always something new, removals would never have their turn.
    if (now - (this.#removingSince ?? now) >= this.#removalPatienceMs) this.#sendRemovals(now);
    let isHolding = false;
    for (const state of this.#states) {
      if (this.#isHeldBack(state, now)) isHolding = true;
      else this.#sendUpserts(state, now);
    }
    if (!isHolding) this.#heldBackSince = undefined;
    if (!this.#states.some((state) => state.view !== undefined && (state.isBusy(now) || state.hasUpserts)))
      this.#sendRemovals(now);
    const isRemoving = this.#states.some((state) => state.hasRemovals);
    this.#removingSince = isRemoving ? (this.#removingSince ?? now) : undefined;
    if (isRemoving || this.#states.some((state) => state.hasUpserts)) this.#waitOn(now);
  }

  /** Clusters may keep listeners and routes waiting, and these may take as long: whatever referred to it has gone by then. */
  get #removalPatienceMs(): number {
    return 3 * this.#options.patienceMs;
  }

  /** Looks again when the first of all waits ends; writing and answers wake the stream by themselves. */
  #waitOn(now: number): void {
    const { clock, patienceMs } = this.#options;
    const after = (since: number | undefined, ms: number) => (since === undefined ? [] : [since + ms]);
    const ends = [
      ...after(this.#heldBackSince, patienceMs),
      ...after(this.#removingSince, this.#removalPatienceMs),
      ...this.#states.flatMap(({ inFlight }) => inFlight?.untilMs ?? []),
    ].filter((end) => end > now);
    if (ends.length > 0) this.#cancelWait = clock.after(Math.min(...ends) - now, () => this.#flush());
  }

  /** Whether a type must wait for clusters or endpoints that are on their way. */
  #isHeldBack(state: TypeState, now: number): boolean {
    if ((state.type !== listenerType && state.type !== routeType) || !state.hasUpserts) return false;
    const [clusters, endpoints] = [this.state(clusterType), this.state(endpointType)];
    const isComing = [clusters, endpoints].some((one) => one?.inFlight?.holdsBack === true && one.isBusy(now));
    if (!isComing && clusters?.hasUpserts !== true) return false;
    this.#heldBackSince ??= now;
    return now - this.#heldBackSince < this.#options.patienceMs;
  }

  /** Sends what is new of a type, unless the last response is still under way. */
  #sendUpserts(state: TypeState, now: number): void {
    if (!state.hasUpserts) {
      state.advance();
      if (!state.hasRemovals) state.changedAtMs = undefined;
      return;
    }
    if (state.isBusy(now)) return;
    const { type, wantsAll, held, forced, renewed } = state;
    const holdsBack =
      type === clusterType || (type === endpointType && (wantsAll || forced.size > 0 || renewed.size > 0));
    const response = this.#respond(state, this.#options.dialect.upserts(state));
    state.advance();
    this.#dispatch(state, response, holdsBack);
    // Clusters that the client may have replaced; a client that starts asks for endpoints by itself.
    if (type === clusterType && (!wantsAll || held !== undefined)) this.#resendEndpoints(response.fresh);
  }

  /** Envoy warms a cluster that has changed, and waits for its endpoints although they may be the same. */
  #resendEndpoints(clusters: readonly string[]): void {
    const endpoints = this.state(endpointType);
    for (const name of clusters) {
      if (endpoints === undefined) this.#clustersAlone.add(name);
      else if (endpoints.held !== undefined) endpoints.doubt(name);
      else if (endpoints.subscription.names.has(name)) endpoints.renewed.add(name);
    }
  }

  /** Removes what is gone, in order; what a listener referred to goes once the client has let go of the listener. */
  #sendRemovals(now: number): void {
    for (const type of removalOrder) {
      const state = this.state(type);
      if (state === undefined || !state.hasRemovals) continue;
      if (state.isBusy(now)) return;
      const removals = state.removals();
      const draft = this.#options.dialect.removals(state);
      const response = draft === undefined ? undefined : this.#respond(state, draft);
      if (draft?.isComplete === true) state.complete();
      else for (const name of removals.keys()) state.leftovers.delete(name);
      if (response === undefined) continue;
      this.#dispatch(state, response, response.fresh.length > 0);
      if (type === clusterType) this.#resendEndpoints(response.fresh);
      if (type === listenerType) return;
    }
  }

  /** The response of a draft: another stream's where there is one, else a new one. */
  #respond(state: TypeState, { key, content }: Draft): SharedResponse {
    const { dialect, controlPlane } = this.#options;
    const { view, type, subscription } = state;
    const shared = key === undefined || view === undefined ? undefined : `${dialect.name}/${subscription.id}/${key}`;
    const known = shared === undefined ? undefined : view?.sharedResponse(shared);
    if (known !== undefined && known.nonce !== state.status.sent) return known;
    const version = String(view?.revision ?? 0);
    this.#counter += 1;
    // A nonce need only be unique on its stream: what many streams get is numbered by its view.
    const nonce = shared === undefined || view === undefined ? `${version}/s${this.#counter}` : view.nextNonce();
    const made = content();
    const frame = dialect.frame({ typeUrl: type, nonce, version, controlPlane }, made);
    const response = { frame, nonce, fresh: made.fresh };
    if (shared !== undefined) view?.share(shared, response);
    return response;
  }

  #dispatch(state: TypeState, { frame, nonce, fresh }: SharedResponse, holdsBack: boolean): void {
    const { now, clock, events, patienceMs, send } = this.#options;
    const untilMs = clock.now() + patienceMs;
    const inFlight = { nonce, untilMs, changedAtMs: state.changedAtMs, holdsBack, isWritten: false };
    state.inFlight = inFlight;
    state.changedAtMs = undefined;
    const sentAtMs = now();
    state.status = { ...state.status, sent: nonce, sentAtMs };
    events.sent(state.type, frame.length, fresh.length);
    send(frame, () => {
      inFlight.isWritten = true;
      events.written(state.type, now() - sentAtMs);
      this.#schedule();
    });
  }
}
