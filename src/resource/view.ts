/**
 * The resources of one type as one scope sees them, shared by all its streams.
 *
 *      contents ──touch──► touched names ──settle, once per commit──► change log ──► readers (streams)
 *
 * A stream holds its place in the log, not a copy of what it was sent.
 */
import { ensure } from '../lib/ensure.ts';
import { ChangeLog, type LoggedChange } from './change-log.ts';
import type { Resource } from './resource.ts';
import type { TypeUrl } from './types.ts';

/** Where a view's resources come from. */
export interface Contents {
  /** Every resource that is there, each name once: all of a type that has a wildcard, else what somebody follows. */
  resources(): Iterable<Resource>;
  get(name: string): Resource | undefined;
  /** Makes sure that names are there, where a type is only asked for by name. */
  follow(names: Iterable<string>): void;
  /** Takes back one `follow` of these names. */
  unfollow(names: Iterable<string>): void;
  close(): void;
}

/** Notes that a name is about to mean another resource; to be called while it still means the old one. */
export type Touch = (name: string) => void;

/** Someone who follows a view. */
export interface ViewReader {
  /** Changes up to this revision have been taken. */
  readonly revision: number;
  /** Something has changed; its cause was seen at `sinceMs`. */
  changed(sinceMs: number): void;
}

/** A framed response that several streams receive as it is. */
export interface SharedResponse {
  readonly frame: Buffer;
  readonly nonce: string;
  /** Names of the resources in it that are new for those who receive it. */
  readonly fresh: readonly string[];
}

export interface ViewOptions {
  readonly type: TypeUrl;
  /** Tells views apart in nonces. */
  readonly number: number;
  /** The revision of what is there at the start. */
  readonly revision: number;
  readonly open: (touch: Touch) => Contents;
  /** Called when there is something to settle. */
  readonly dirty: (view: View) => void;
  /** Called when the last reader has left. */
  readonly abandoned: (view: View) => void;
}

/** Where nothing changes for long, responses to questions pile up: forgetting them costs no more than making one again. */
const mostShared = 1000;

export class View {
  readonly #options: ViewOptions;
  readonly contents: Contents;
  #nonces = 0;
  /** Responses that several readers share, while at least one of them is on its way; forgotten at the next change. */
  readonly #shared = new Map<string, WeakRef<SharedResponse>>();
  readonly #remembered = new Map<string, unknown>();
  readonly #log = new ChangeLog();
  readonly #readers = new Set<ViewReader>();
  /** Readers of equal subscriptions have the same set of names: contents need to hear of it once. */
  readonly #followed = new Map<ReadonlySet<string>, number>();
  /** What touched names meant at the last settling. */
  readonly #touched = new Map<string, Resource | undefined>();
  #revision: number;

  constructor(options: ViewOptions) {
    this.#options = options;
    this.#revision = options.revision;
    this.contents = options.open((name) => {
      if (!this.#touched.has(name)) this.#touched.set(name, this.contents.get(name));
      options.dirty(this);
    });
  }

  get type(): TypeUrl {
    return this.#options.type;
  }

  get number(): number {
    return this.#options.number;
  }

  /** The revision of the last change. */
  get revision(): number {
    return this.#revision;
  }

  get isUsed(): boolean {
    return this.#readers.size > 0;
  }

  /** A nonce that no other response of any view has. */
  nextNonce(): string {
    this.#nonces += 1;
    return `${this.#revision}/v${this.#options.number}.${this.#nonces}`;
  }

  /** The response of that key that another reader has made already. */
  sharedResponse(key: string): SharedResponse | undefined {
    return this.#shared.get(key)?.deref();
  }

  share(key: string, response: SharedResponse): void {
    if (this.#shared.size >= mostShared) this.#shared.clear();
    this.#shared.set(key, new WeakRef(response));
  }

  /** What `make` finds out about the present contents, for all who ask under that key until something changes. */
  remember<T>(key: string, make: () => T): T {
    if (this.#remembered.size >= mostShared) this.#remembered.clear();
    return ensure(this.#remembered as Map<string, T>, key, make);
  }

  changesSince(revision: number): readonly LoggedChange[] {
    return revision >= this.#revision ? [] : this.#log.since(revision);
  }

  attach(reader: ViewReader): void {
    this.#readers.add(reader);
  }

  detach(reader: ViewReader): void {
    this.#readers.delete(reader);
    if (!this.isUsed) this.#options.abandoned(this);
  }

  /** Makes sure that names that a reader asks for are there, until `unfollow` is called with the same set. */
  follow(names: ReadonlySet<string>): void {
    const count = this.#followed.get(names) ?? 0;
    if (count === 0) this.contents.follow(names);
    this.#followed.set(names, count + 1);
  }

  unfollow(names: ReadonlySet<string>): void {
    const count = this.#followed.get(names) ?? 0;
    if (count > 1) {
      this.#followed.set(names, count - 1);
      return;
    }
    this.#followed.delete(names);
    this.contents.unfollow(names);
  }

  /** Turns touched names into changes and tells the readers. */
  settle(revision: number, sinceMs: number): void {
    let hasChanged = false;
    for (const [name, before] of this.#touched) {
      const resource = this.contents.get(name);
      // Other origins of the same bytes are no change to a proxy.
      if (resource?.version === before?.version) continue;
      this.#log.add(revision, { name, resource, before });
      hasChanged = true;
    }
    this.#touched.clear();
    if (!hasChanged) return;
    this.#revision = revision;
    this.#shared.clear();
    this.#remembered.clear();
    if (this.#log.isDue) {
      let passed = revision;
      for (const reader of this.#readers) passed = Math.min(passed, reader.revision);
      this.#log.compact(passed);
    }
    for (const reader of this.#readers) reader.changed(sinceMs);
  }
}
