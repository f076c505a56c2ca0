/**
 * One aggregated stream: requests in, responses out, in order and under backpressure.
 *
 *      request ─► subscription, ACK or NACK ─┐
 *      change of a view, of the scope ───────┴─► flush: upserts in push order, then removals ─► frame ─► socket
 *
 * A type has at most one response under way, so that what changes meanwhile becomes one response, and a client that does
 * not read holds a bounded amount. Listeners and routes wait until the client has the clusters they may refer to, and
 * nothing is removed before all that is new has arrived; both waits are bounded.
 */
import type { Log } from '../lib/log.ts';
import type { Scope } from '../model/scope.ts';
import { clusterType, endpointType, listenerType, routeType, type TypeUrl } from '../resource/types.ts';
import type { SharedResponse, View } from '../resource/view.ts';
import type { Content, Dialect } from './dialect.ts';
import type { ErrorDetail } from './request.ts';
import { asksFor, type Subscription } from './subscription.ts';
import { TypeState, type TypeStatus } from './type-state.ts';

/** How long a response may stay unanswered before the next one goes out all the same, in milliseconds. */
const patienceMs = 1000;

export interface StreamOptions {
  readonly dialect: Dialect;
  readonly log: Log;
  readonly controlPlane: string;
  /** Sends a frame; `written` is called when the client has room for more. */
  readonly send: (frame: Buffer, written: () => void) => void;
  readonly viewOf: (type: TypeUrl, scope: Scope) => View | undefined;
  readonly events: StreamEvents;
  readonly now: () => number;
}

/** Told of what happens, for metrics and logs. */
export interface StreamEvents {
  sent(type: TypeUrl, bytes: number, resources: number): void;
  rejected(type: TypeUrl, error: ErrorDetail, nonce: string): void;
  expired(type: TypeUrl): void;
  /** A change whose first cause was seen at `changedAtMs` is with the client. */
  acknowledged(type: TypeUrl, changedAtMs: number): void;
}

export class AdsStream {
  readonly #options: StreamOptions;
  readonly #states = new Map<TypeUrl, TypeState>();
  #scope: Scope;
  #isFlushing = false;
  #isScheduled = false;
  #isClosed = false;
  #counter = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Since when listeners or routes are waiting for what they refer to. */
  #waitingSince: number | undefined;

  constructor(options: StreamOptions, scope: Scope) {
    this.#options = options;
    this.#scope = scope;
  }

  describe(): readonly TypeStatus[] {
    return [...this.#states.values()].sort((a, b) => a.rank - b.rank).map((state) => state.describe());
  }

  get scope(): Scope {
    return this.#scope;
  }

  /** The state of a type, if the client has asked for it. */
  state(type: TypeUrl): TypeState | undefined {
    return this.#states.get(type);
  }

  /** Starts following a type. */
  open(type: TypeUrl): TypeState {
    const state = new TypeState(type, () => this.#schedule());
    this.#states.set(type, state);
    state.follow(this.#options.viewOf(type, this.#scope));
    return state;
  }

  /** Changes what a client asks for; `forced` are names that it is to hear of whether or not they have changed. */
  subscribe(state: TypeState, subscription: Subscription, forced: Iterable<string>): void {
    const gainsAll = subscription.isWildcard && !state.subscription.isWildcard;
    state.subscribe(subscription);
    if (gainsAll) state.wantsAll = true;
    for (const name of forced) state.forced.add(name);
    for (const name of state.forced) if (!asksFor(subscription, name)) state.forced.delete(name);
    this.#schedule();
  }

  /** What a client says to the last response. Anything about an earlier one is out of date. */
  answer(state: TypeState, nonce: string, error: ErrorDetail | undefined): void {
    const { events, now } = this.#options;
    const { inFlight } = state;
    if (inFlight?.nonce === nonce) {
      state.inFlight = undefined;
      if (error === undefined && inFlight.changedAtMs !== undefined)
        events.acknowledged(state.type, inFlight.changedAtMs);
    }
    if (error === undefined) {
      state.status = { ...state.status, acked: nonce };
    } else {
      state.status = { ...state.status, lastError: { nonce, ...error, atMs: now() } };
      events.rejected(state.type, error, nonce);
    }
    this.#schedule();
  }

  /** The proxy is another one to the mesh now: what it holds and what it is to hold are compared by content. */
  move(scope: Scope): void {
    this.#scope = scope;
    for (const state of this.#states.values()) {
      const before = state.view;
      const view = this.#options.viewOf(state.type, scope);
      if (view === before) continue;
      const pending = before?.changesSince(state.cursor).map(({ name }) => name) ?? [];
      const held = new Map([...(before?.contents.resources() ?? [])].map((resource) => [resource.name, resource]));
      for (const { name } of before?.changesSince(state.removalCursor) ?? [])
        if (before?.contents.get(name) === undefined) state.leftovers.add(name);
      // Attaching first keeps what both views share alive.
      state.follow(view);
      for (const name of pending) state.forced.add(name);
      for (const resource of view?.contents.resources() ?? []) {
        if (held.get(resource.name)?.version !== resource.version) state.forced.add(resource.name);
        held.delete(resource.name);
      }
      for (const name of held.keys()) if (view?.contents.get(name) === undefined) state.leftovers.add(name);
      for (const name of [...state.forced]) {
        if (!asksFor(state.subscription, name) || view?.contents.get(name) === undefined) state.forced.delete(name);
      }
      for (const name of [...state.leftovers]) if (!asksFor(state.subscription, name)) state.leftovers.delete(name);
    }
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const state of this.#states.values()) state.close();
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
    if (this.#isFlushing || this.#isClosed) return;
    this.#isFlushing = true;
    clearTimeout(this.#timer);
    try {
      const states = [...this.#states.values()].sort((a, b) => a.rank - b.rank);
      let isWaiting = false;
      for (const state of states) {
        if (!this.#mayNotRefer(state)) isWaiting = !this.#sendUpserts(state) || isWaiting;
        else isWaiting ||= this.#hasUpserts(state);
      }
      if (!states.some((state) => this.#isBusy(state))) this.#waitingSince = undefined;
      if (!isWaiting) isWaiting = !this.#sendRemovals();
      if (isWaiting) this.#timer = setTimeout(() => this.#flush(), patienceMs / 4);
    } finally {
      this.#isFlushing = false;
    }
  }

  /** Whether a type must wait for clusters or endpoints that are on their way; not for ever. */
  #mayNotRefer(state: TypeState): boolean {
    if (state.type !== listenerType && state.type !== routeType) return false;
    const holds = [clusterType, endpointType].some((type) => {
      const earlier = this.#states.get(type);
      return (
        earlier !== undefined &&
        (earlier.inFlight?.holdsBack === true || (type === clusterType && this.#hasUpserts(earlier)))
      );
    });
    if (!holds) return false;
    const now = this.#options.now();
    this.#waitingSince ??= now;
    return now - this.#waitingSince < patienceMs;
  }

  #isBusy({ inFlight }: TypeState): boolean {
    if (inFlight === undefined) return false;
    return !inFlight.isWritten || this.#options.now() - inFlight.sentAtMs < patienceMs;
  }

  #hasUpserts(state: TypeState): boolean {
    if (state.wantsAll || state.forced.size > 0) return true;
    const { view, cursor, subscription } = state;
    if (view === undefined || view.revision <= cursor) return false;
    return view
      .changesSince(cursor)
      .some(({ name, resource }) => resource !== undefined && asksFor(subscription, name));
  }

  /** Sends what is new of a type; false when something has to wait. */
  #sendUpserts(state: TypeState): boolean {
    if (!this.#hasUpserts(state)) {
      this.#skipTo(state);
      return true;
    }
    if (this.#isBusy(state)) return false;
    const { dialect } = this.#options;
    const { view, wantsAll, held, forced } = state;
    const isUnlike = held !== undefined || forced.size > 64;
    const key = isUnlike
      ? undefined
      : `${dialect.name}/${wantsAll}/${wantsAll ? '' : state.cursor}/${state.removalCursor}/${state.subscription.id}/${[...forced].sort().join('\n')}`;
    const holdsBack = state.type === clusterType || (state.type === endpointType && (wantsAll || forced.size > 0));
    const sent = this.#send(state, key, holdsBack, () => dialect.upserts(state));
    if (held !== undefined)
      for (const name of held.keys())
        if (asksFor(state.subscription, name) && view?.contents.get(name) === undefined) state.leftovers.add(name);
    if (state.type === clusterType && !wantsAll) this.#resendEndpoints(sent ?? []);
    state.wantsAll = false;
    state.held = undefined;
    forced.clear();
    state.cursor = view?.revision ?? 0;
    return true;
  }

  /** Nothing new for this client up to now: its place moves on, so that the log can forget. */
  #skipTo(state: TypeState): void {
    const { view } = state;
    if (view !== undefined) state.cursor = view.revision;
  }

  /** Envoy asks for a changed cluster's endpoints afresh and warms it only when they come, changed or not. */
  #resendEndpoints(sent: readonly string[]): void {
    const endpoints = this.#states.get(endpointType);
    if (endpoints === undefined) return;
    for (const name of sent) if (endpoints.subscription.names.has(name)) endpoints.forced.add(name);
  }

  /** Removes what is gone once nothing new is on its way: listeners first, then what they referred to. */
  #sendRemovals(): boolean {
    const states = [listenerType, routeType, clusterType, endpointType].flatMap((type) => this.#states.get(type) ?? []);
    // What has been gone from one view and is there in another, or has come back, is not gone.
    for (const { leftovers, view } of states)
      for (const name of leftovers) if (view?.contents.get(name) !== undefined) leftovers.delete(name);
    if (states.some((state) => this.#isBusy(state))) return !states.some((state) => this.#hasRemovals(state));
    for (const state of [...states, ...[...this.#states.values()].filter((other) => !states.includes(other))]) {
      if (!this.#hasRemovals(state)) {
        if (state.view !== undefined) state.removalCursor = state.view.revision;
        state.changedAtMs = undefined;
        continue;
      }
      const { dialect } = this.#options;
      const isUnlike = state.leftovers.size > 0;
      const key = isUnlike ? undefined : `${dialect.name}/removals/${state.removalCursor}/${state.subscription.id}`;
      const sent = this.#send(state, key, false, () => dialect.removals(state));
      state.leftovers.clear();
      state.removalCursor = state.view?.revision ?? 0;
      if (sent !== undefined && state.type === listenerType) return false;
    }
    return true;
  }

  #hasRemovals({ view, removalCursor, leftovers, subscription }: TypeState): boolean {
    if (leftovers.size > 0) return true;
    if (view === undefined || view.revision <= removalCursor) return false;
    return view
      .changesSince(removalCursor)
      .some(({ name, resource }) => resource === undefined && asksFor(subscription, name));
  }

  /** Sends a response, shared with every stream for which `key` is the same; yields the names in it. */
  #send(
    state: TypeState,
    key: string | undefined,
    holdsBack: boolean,
    make: () => Content | undefined,
  ): readonly string[] | undefined {
    const { now, events } = this.#options;
    const { view, type } = state;
    let response = key === undefined ? undefined : view?.sharedResponse(key);
    if (response === undefined) {
      const content = make();
      if (content === undefined) return undefined;
      response = this.#frame(state, content, key !== undefined);
      if (key !== undefined) view?.share(key, response);
    }
    const { nonce, frame, names } = response;
    const inFlight = { nonce, sentAtMs: now(), changedAtMs: state.changedAtMs, holdsBack, isWritten: false };
    state.inFlight = inFlight;
    state.changedAtMs = undefined;
    state.status = { ...state.status, sent: nonce, sentAtMs: inFlight.sentAtMs };
    events.sent(type, frame.length, names.length);
    this.#options.send(frame, () => {
      inFlight.isWritten = true;
      this.#schedule();
    });
    return names;
  }

  /** A nonce need only be unique on its stream: what many streams get is numbered by its view. */
  #frame({ view, type }: TypeState, content: Content, isShared: boolean): SharedResponse {
    const { dialect, controlPlane } = this.#options;
    const version = String(view?.revision ?? 0);
    this.#counter += 1;
    const nonce = isShared && view !== undefined ? view.nextNonce() : `${version}/s${this.#counter}`;
    const frame = dialect.frame({ typeUrl: type, nonce, version, controlPlane }, content);
    return { frame, nonce, names: content.resources.map(({ name }) => name) };
  }
}
