/** What one stream knows of one type: what was asked for, what has been sent, and what the client said to it. */
import { pushOrder, type TypeUrl } from '../resource/types.ts';
import type { View, ViewReader } from '../resource/view.ts';
import { nothing, type Subscription } from './subscription.ts';

/** What a page or a metric says of one type of one stream. */
export interface TypeStatus {
  readonly typeUrl: TypeUrl;
  readonly subscribed: number | 'all';
  /** Nonces; empty before the first. */
  readonly sent: string;
  readonly acked: string;
  readonly sentAtMs: number | undefined;
  readonly lastError:
    | { readonly nonce: string; readonly code: number; readonly message: string; readonly atMs: number }
    | undefined;
}

interface InFlight {
  readonly nonce: string;
  readonly sentAtMs: number;
  /** When the first cause of it was seen; undefined for an answer to a question. */
  readonly changedAtMs: number | undefined;
  /** What refers to these resources waits until the client has them. */
  readonly holdsBack: boolean;
  isWritten: boolean;
}

export class TypeState implements ViewReader {
  readonly type: TypeUrl;
  subscription: Subscription = nothing;
  view: View | undefined;
  /** Changes up to this revision have been sent, but for removals. */
  cursor = 0;
  /** Removals up to this revision have been sent. */
  removalCursor = 0;
  /** Everything that the subscription asks for is to be sent, whatever has changed. */
  wantsAll = false;
  /** Names to send (or to call gone) although they have not changed. */
  readonly forced = new Set<string>();
  /** Names that the client holds from elsewhere and that are gone. */
  readonly leftovers = new Set<string>();
  /** What the client holds from an earlier stream; only until the first response. */
  held: ReadonlyMap<string, string> | undefined;
  inFlight: InFlight | undefined;
  /** When the first cause of what is still to be sent was seen. */
  changedAtMs: number | undefined;
  status: Omit<TypeStatus, 'typeUrl' | 'subscribed'> = {
    sent: '',
    acked: '',
    sentAtMs: undefined,
    lastError: undefined,
  };
  readonly #changed: () => void;

  constructor(type: TypeUrl, changed: () => void) {
    this.type = type;
    this.#changed = changed;
  }

  /** The place in the view's log before which nothing is needed any more. */
  get revision(): number {
    return Math.min(this.cursor, this.removalCursor);
  }

  changed(sinceMs: number): void {
    this.changedAtMs ??= sinceMs;
    this.#changed();
  }

  get rank(): number {
    const at = pushOrder.indexOf(this.type);
    return at < 0 ? pushOrder.length : at;
  }

  /** Follows a view from its present state on; what the client is to hold of it is for the caller to say. */
  follow(view: View | undefined): void {
    const before = this.view;
    view?.attach(this);
    view?.follow(this.subscription.names);
    before?.unfollow(this.subscription.names);
    before?.detach(this);
    this.view = view;
    this.cursor = view?.revision ?? 0;
    this.removalCursor = this.cursor;
  }

  /** Changes what is asked for; what the client is to hear of it is for the caller to say. */
  subscribe(subscription: Subscription): void {
    const before = this.subscription;
    this.subscription = subscription;
    this.view?.follow(subscription.names);
    this.view?.unfollow(before.names);
  }

  close(): void {
    this.follow(undefined);
  }

  describe(): TypeStatus {
    const { isWildcard, names } = this.subscription;
    return { typeUrl: this.type, subscribed: isWildcard ? 'all' : names.size, ...this.status };
  }
}
