/** What one stream knows of one type: what was asked for, what has been sent, and what the client said to it. */

import type { LoggedChange } from '../resource/change-log.ts';
import type { Resource } from '../resource/resource.ts';
import { pushOrder, type TypeUrl } from '../resource/types.ts';
import type { View, ViewReader } from '../resource/view.ts';
import { difference } from './difference.ts';
import { asksFor, nothing, type Subscription } from './subscription.ts';

/** How a type stands with its client, in the words of envoy.service.status.v3.ConfigStatus. */
export type SyncState = 'NOT_SENT' | 'STALE' | 'SYNCED' | 'ERROR';

/** What a page or a metric says of one type of one stream. */
export interface TypeStatus {
  readonly typeUrl: TypeUrl;
  /** Whether the last response was accepted, was rejected, or waits for its answer. */
  readonly state: SyncState;
  readonly subscribed: number | 'all';
  /** Nonces; empty before the first. */
  readonly sent: string;
  readonly acked: string;
  readonly sentAtMs: number | undefined;
  readonly lastError:
    | { readonly nonce: string; readonly code: number; readonly message: string; readonly atMs: number }
    | undefined;
}

/** What was sent, and what the client said to it. */
type Answers = Pick<TypeStatus, 'sent' | 'acked' | 'sentAtMs' | 'lastError'>;

/** A response that the client has not answered. */
export interface InFlight {
  readonly nonce: string;
  /** When it is waited for no longer, on the steady clock; it is waited for in any case until it is written. */
  readonly untilMs: number;
  /** When the first cause of it was seen; undefined for an answer to a question. */
  readonly changedAtMs: number | undefined;
  /** What refers to these resources waits until the client has them. */
  readonly holdsBack: boolean;
  isWritten: boolean;
}

export class TypeState implements ViewReader {
  readonly type: TypeUrl;
  /** Its place in the push order. */
  readonly rank: number;
  subscription: Subscription = nothing;
  view: View | undefined;
  /** Everything that the subscription asks for is to be sent, whatever has changed. */
  wantsAll = false;
  /** Names that the client asks about: to be sent or called gone although they have not changed. */
  readonly forced = new Set<string>();
  /** Names to be sent although they have not changed, if they are still there then. */
  readonly renewed = new Set<string>();
  /** What the client may hold that is gone; undefined where only the name is known. */
  readonly leftovers = new Map<string, Resource | undefined>();
  /** What the client let go of in requests that came too late to be answered. */
  readonly dropped = new Set<string>();
  /** What the client holds from an earlier stream, name to version; only until the first response. */
  held: Map<string, string> | undefined;
  inFlight: InFlight | undefined;
  /** When the first cause of what is still to be sent was seen. */
  changedAtMs: number | undefined;
  status: Answers = {
    sent: '',
    acked: '',
    sentAtMs: undefined,
    lastError: undefined,
  };
  /** Changes up to this revision have been sent, or noted as leftovers. */
  #revision = 0;
  readonly #changed: () => void;

  constructor(type: TypeUrl, changed: () => void) {
    const at = pushOrder.indexOf(type);
    this.type = type;
    this.rank = at < 0 ? pushOrder.length : at;
    this.#changed = changed;
  }

  get revision(): number {
    return this.#revision;
  }

  changed(sinceMs: number): void {
    this.changedAtMs ??= sinceMs;
    this.#changed();
  }

  /** Whether a response is under way that the next one waits for. */
  isBusy(nowMs: number): boolean {
    const { inFlight } = this;
    return inFlight !== undefined && (!inFlight.isWritten || nowMs < inFlight.untilMs);
  }

  /** Nothing has been sent on this stream. */
  get isNew(): boolean {
    return this.status.sent === '';
  }

  /** What has changed of what is asked for, each name once. */
  changes(): readonly LoggedChange[] {
    const { view, subscription } = this;
    return (view?.changesSince(this.#revision) ?? []).filter(({ name }) => asksFor(subscription, name));
  }

  /** What the client was sent, and is gone since. */
  gone(): readonly LoggedChange[] {
    if (this.isNew) return [];
    return this.changes().filter(({ resource, knownSince }) => resource === undefined && knownSince <= this.#revision);
  }

  /** Whether there is anything new for the client. */
  get hasUpserts(): boolean {
    const { view, subscription } = this;
    if (this.wantsAll || this.forced.size > 0 || this.#hasRenewed) return true;
    const changes = view?.changesSince(this.#revision) ?? [];
    return changes.some(({ name, resource }) => resource !== undefined && asksFor(subscription, name));
  }

  get #hasRenewed(): boolean {
    for (const name of this.renewed)
      if (asksFor(this.subscription, name) && this.view?.contents.get(name) !== undefined) return true;
    return false;
  }

  /** Whether there is anything for the client to forget. */
  get hasRemovals(): boolean {
    for (const name of this.leftovers.keys()) if (this.#isLeftover(name)) return true;
    return false;
  }

  /** What the client is to forget: nothing that is there again, or that it does not ask for any more. */
  removals(): ReadonlyMap<string, Resource | undefined> {
    return new Map([...this.leftovers].filter(([name]) => this.#isLeftover(name)));
  }

  #isLeftover(name: string): boolean {
    return asksFor(this.subscription, name) && this.view?.contents.get(name) === undefined;
  }

  /** All that is new up to now is sent, or there is none; what is gone is left for later. */
  advance(): void {
    const { view, held } = this;
    for (const { name, before } of this.gone()) this.leftovers.set(name, before);
    for (const name of held?.keys() ?? [])
      if (view?.contents.get(name) === undefined) this.leftovers.set(name, undefined);
    // What is there again has been sent, and what is not asked for the client has let go of.
    for (const name of this.leftovers.keys()) if (!this.#isLeftover(name)) this.leftovers.delete(name);
    this.wantsAll = false;
    this.held = undefined;
    this.forced.clear();
    this.renewed.clear();
    this.#revision = view?.revision ?? 0;
  }

  /** All that is there up to now is sent, and the client holds nothing else. */
  complete(): void {
    this.advance();
    this.leftovers.clear();
  }

  /** The client asks for all, whatever it has been sent or has said that it holds. */
  askAgain(): void {
    this.wantsAll = true;
    for (const name of this.held?.keys() ?? []) this.doubt(name);
  }

  /** Whatever version the client holds from an earlier stream, it is to be sent the present one. */
  doubt(name: string): void {
    if (this.held?.has(name) === true) this.held.set(name, '');
  }

  /** Changes what is asked for; what the client is to hear of it is for the caller to say. */
  subscribe(subscription: Subscription): void {
    const before = this.subscription;
    this.subscription = subscription;
    this.view?.follow(subscription.names);
    this.view?.unfollow(before.names);
    // A client lets go of what it does not ask for any more.
    for (const name of this.held?.keys() ?? []) if (!asksFor(subscription, name)) this.held?.delete(name);
  }

  /** Follows a view from its present state on. */
  open(view: View | undefined): void {
    view?.attach(this);
    view?.follow(this.subscription.names);
    this.view = view;
    this.#revision = view?.revision ?? 0;
  }

  /** Follows another view: what the client holds of the one and is to hold of the other are compared by content. */
  move(after: View): void {
    const { view: before, subscription } = this;
    if (before === undefined || before === after) return;
    const pending = new Map(this.changes().map((change) => [change.name, change]));
    const wasThere = (name: string) => (pending.get(name)?.knownSince ?? 0) <= revision;
    const revision = this.#revision;
    // Attaching first keeps what both views share alive.
    this.open(after);
    const { changed, gone } = difference(before, after, subscription);
    before.unfollow(subscription.names);
    before.detach(this);
    if (this.isNew) return;
    for (const name of [...changed, ...pending.keys()])
      if (after.contents.get(name) !== undefined) this.renewed.add(name);
    const last = new Map(gone.map((resource) => [resource.name, resource]));
    for (const { name, resource, before } of pending.values()) last.set(name, (before ?? resource) as Resource);
    for (const [name, resource] of last) {
      if (after.contents.get(name) !== undefined) continue;
      this.forced.delete(name);
      if (wasThere(name)) this.leftovers.set(name, resource);
    }
  }

  close(): void {
    this.view?.unfollow(this.subscription.names);
    this.view?.detach(this);
    this.view = undefined;
  }

  describe(): TypeStatus {
    const { isWildcard, names } = this.subscription;
    const state = syncState(this.status);
    return { typeUrl: this.type, state, subscribed: isWildcard ? 'all' : names.size, ...this.status };
  }
}

function syncState({ sent, acked, lastError }: Answers): SyncState {
  if (sent === '') return 'NOT_SENT';
  if (lastError?.nonce === sent) return 'ERROR';
  return sent === acked ? 'SYNCED' : 'STALE';
}
