/** What an Envoy does with a call, and how it came to that. */
import type { Effects, ShareEffects } from './effects.ts';
import type { Upstream } from './upstream.ts';

export interface Outcome {
  /** Each choice on the way, in order. */
  readonly steps: readonly Step[];
  readonly result: Result;
}

export type Stage =
  | 'listener'
  | 'listener filters'
  | 'filter chain'
  | 'transport'
  | 'network filters'
  | 'route configuration'
  | 'virtual host'
  | 'route'
  | 'http filters'
  | 'cluster'
  | 'endpoints';

export interface Step {
  readonly stage: Stage;
  /** The name of what was chosen; absent when nothing was. */
  readonly chosen?: string;
  /** Where it stands in its list, from 0, for what need not have a name of its own. */
  readonly index?: number;
  readonly because: string;
  /** What else might have been chosen, and why it was not. */
  readonly passedOver: readonly Alternative[];
}

export interface Alternative {
  readonly name: string;
  readonly because: string;
}

export type Result =
  /** To one of several clusters by weight. A connection without HTTP has no effects. */
  | { readonly kind: 'forwarded'; readonly shares: readonly Share[]; readonly effects?: Effects }
  /** Envoy answers the request itself. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** A gRPC client is told so in a response that is itself a success. */
      readonly grpcStatus?: number;
      readonly location?: string;
      readonly body?: string;
      readonly error?: CallError;
      readonly because: string;
    }
  /** The connection is closed or left without an answer. */
  | { readonly kind: 'refused'; readonly error: CallError; readonly because: string }
  /** What happens depends on something that is not evaluated. */
  | { readonly kind: 'undecided'; readonly because: string };

export type Ending = Exclude<Result, { readonly kind: 'forwarded' }>;

export interface Share {
  readonly cluster: string;
  /** Of all calls like this one. */
  readonly percent: number;
  readonly upstream: Upstream;
  readonly effects?: ShareEffects;
}

export type CallError =
  | 'no listener matched'
  | 'no filter chains matched'
  | 'multiple filter chains matched'
  | 'invalid TLS'
  | 'invalid mTLS'
  | 'protocol error'
  | 'no answer'
  | 'no virtual host matched'
  | 'no route matched'
  | 'tls required, sending 301'
  | 'no cluster found';

/** One stage's choice: what the next stage goes on with, or how the call ends here. */
export type Choice<T> =
  | { readonly step: Step; readonly found: T; readonly end?: never }
  | { readonly step: Step; readonly end: Ending; readonly found?: never };

export function chosen(stage: Stage, name: string | undefined, because: string, more: Partial<Step> = {}): Step {
  return { stage, ...(name === undefined ? {} : { chosen: name }), because, passedOver: [], ...more };
}

export function refusal(error: CallError, because: string): Ending {
  return { kind: 'refused', error, because };
}

/** A stage at which the call ends. */
export function ending<T>(stage: Stage, end: Ending, passedOver: readonly Alternative[] = []): Choice<T> {
  return { step: { stage, because: end.because, passedOver }, end };
}
