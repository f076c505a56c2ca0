/**
 * The resources of one type as one scope sees them, shared by all its streams.
 *
 *      contents ──touch──► touched names ──settle, once per commit──► change log ──► readers (streams)
 *
 * A stream holds its place in the log, not a copy of what it was sent.
 */
import { type Change, ChangeLog } from './change-log.ts';
import type { Resource } from './resource.ts';
import type { TypeUrl } from './types.ts';

/** Where a view's resources come from. */
export interface Contents {
  /** Every resource that a wildcard means, each name once. */
  resources(): Iterable<Resource>;
  get(name: string): Resource | undefined;
  /** Makes sure that names are followed, where a type is only asked for by name. */
  follow(names: Iterable<string>): void;
  close(): void;
}

/** Notes that a name may mean another resource than `before` now. */
export type Touch = (name: string, before: Resource | undefined) => void;

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
  /** The resources in it. */
  readonly names: readonly string[];
}

export class View {
  readonly type: TypeUrl;
  /** Tells views apart in nonces. */
  readonly #number: number;
  #nonces = 0;
  readonly contents: Contents;
  /** Responses that several readers share, while at least one of them is on its way; forgotten at the next change. */
  readonly #shared = new Map<string, WeakRef<SharedResponse>>();
  readonly #log = new ChangeLog();
  readonly #readers = new Set<ViewReader>();
  readonly #touched = new Map<string, Resource | undefined>();
  readonly #abandoned: () => void;
  #revision: number;

  /** `dirty` is called when there is something to settle, `abandoned` when the last reader has left. */
  constructor(
    type: TypeUrl,
    number: number,
    revision: number,
    open: (touch: Touch) => Contents,
    dirty: (view: View) => void,
    abandoned: (view: View) => void,
  ) {
    this.type = type;
    this.#number = number;
    this.#revision = revision;
    this.#abandoned = () => abandoned(this);
    this.contents = open((name, before) => {
      if (!this.#touched.has(name)) this.#touched.set(name, before);
      dirty(this);
    });
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
    return `${this.#revision}/v${this.#number}.${this.#nonces}`;
  }

  /** The response of that key that another reader has made already. */
  sharedResponse(key: string): SharedResponse | undefined {
    return this.#shared.get(key)?.deref();
  }

  share(key: string, response: SharedResponse): void {
    this.#shared.set(key, new WeakRef(response));
  }

  changesSince(revision: number): readonly Change[] {
    return this.#log.since(revision);
  }

  attach(reader: ViewReader): void {
    this.#readers.add(reader);
  }

  detach(reader: ViewReader): void {
    this.#readers.delete(reader);
    if (!this.isUsed) this.#abandoned();
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
    let passed = revision;
    for (const reader of this.#readers) passed = Math.min(passed, reader.revision);
    this.#log.compact(passed);
    for (const reader of this.#readers) reader.changed(sinceMs);
  }
}
