/**
 * Questions that people's tools ask on the aggregated stream, as istioctl does. They are no subscriptions: each request that
 * is no acknowledgement is answered once, and nothing follows. Answers are made one at a time, after what is to be pushed.
 */
import { setImmediate } from 'node:timers/promises';
import type { Resource } from '../resource/resource.ts';
import type { TypeUrl } from '../resource/types.ts';
import type { Dialect } from './dialect.ts';
import { LimitError } from './limit-error.ts';
import type { DeltaRequest, SotwRequest } from './request.ts';

/** How each proxy stands. Names, if any, choose proxies. */
export const syncType: TypeUrl = 'istio.io/debug/syncz';
/** What a proxy is to hold, in the parts of Envoy's own dump. Its name is the only one. */
export const dumpType: TypeUrl = 'istio.io/debug/config_dump';
/** A page; its name, with a query, is the only one: `config_dump?proxyID=web.shop`. */
export const pageType: TypeUrl = 'istio.io/debug';

const debugTypes: ReadonlySet<TypeUrl> = new Set([syncType, dumpType, pageType]);

export function isDebugType(type: TypeUrl): boolean {
  return debugTypes.has(type);
}

export interface DebugQuestion {
  readonly type: TypeUrl;
  readonly names: readonly string[];
  /** Who asks: an address and a port. */
  readonly peer: string;
  /** The connection of the proxy whose stream it is; undefined on a stream that has asked for no configuration. */
  readonly connection: string | undefined;
}

/** Throws PermissionError when whoever asks may not know. */
export type DebugAnswer = (question: DebugQuestion) => Promise<readonly Resource[]>;

/** A question that is not for whoever asks it. */
export class PermissionError extends Error {
  override readonly name = 'PermissionError';
}

export interface DebugStreamOptions {
  readonly dialect: Dialect;
  /** Who answers, as istioctl reads it. */
  readonly controlPlane: string;
  readonly answer: DebugAnswer;
  /** Sends a frame; `written` is called when the client has room for more. */
  readonly send: (frame: Buffer, written: () => void) => void;
  /** Called when the stream cannot go on. */
  readonly failed: (error: unknown) => void;
}

/** Nobody asks much before it has read an answer; who does so and does not read must not fill our memory. */
const mostWaiting = 8;

export class DebugStream {
  readonly #options: DebugStreamOptions;
  readonly #waiting: DebugQuestion[] = [];
  /** The last answer of each type. */
  readonly #answered = new Map<TypeUrl, { readonly nonce: string; readonly names: string }>();
  #isAnswering = false;
  #counter = 0;

  constructor(options: DebugStreamOptions) {
    this.#options = options;
  }

  /** Takes a request. Throws LimitError when too many are waiting. */
  ask(request: SotwRequest | DeltaRequest, asker: Pick<DebugQuestion, 'peer' | 'connection'>): void {
    if (this.#isAcknowledgement(request)) return;
    if (this.#waiting.length >= mostWaiting)
      throw new LimitError(`expected at most ${mostWaiting} questions before their answers are read`);
    this.#waiting.push({ type: request.typeUrl, names: namesIn(request), ...asker });
    if (!this.#isAnswering) this.#answerNext();
  }

  close(): void {
    this.#waiting.length = 0;
  }

  /** Istioctl writes the time where the nonce goes, so that a nonce that we have not sent says nothing. */
  #isAcknowledgement(request: SotwRequest | DeltaRequest): boolean {
    if (request.error !== undefined) return true;
    const last = this.#answered.get(request.typeUrl);
    if (request.nonce === '' || request.nonce !== last?.nonce) return false;
    return 'subscribe' in request ? request.subscribe.length === 0 : namesIn(request).join('\n') === last.names;
  }

  async #answerNext(): Promise<void> {
    const question = this.#waiting.shift();
    this.#isAnswering = question !== undefined;
    if (question === undefined) return;
    const { dialect, controlPlane, answer, send, failed } = this.#options;
    try {
      await setImmediate();
      const resources = await answer(question);
      this.#counter += 1;
      const [typeUrl, version] = [question.type, String(this.#counter)];
      const nonce = `debug/${version}`;
      this.#answered.set(typeUrl, { nonce, names: question.names.join('\n') });
      const content = { resources, removed: [], fresh: [] };
      send(dialect.frame({ typeUrl, nonce, version, controlPlane }, content), () => this.#answerNext());
    } catch (error) {
      failed(error);
    }
  }
}

/** What is asked about; a star says nothing. */
function namesIn(request: SotwRequest | DeltaRequest): readonly string[] {
  return ('subscribe' in request ? request.subscribe : request.names).filter((name) => name !== '*' && name !== '');
}
