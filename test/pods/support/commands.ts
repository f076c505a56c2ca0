/** What a test can ask of the application in a pod, and the words for it on the wire between the two processes. */
import type { Received, Reply } from '../../envoy/support/application.ts';
import type { Call } from '../../envoy/support/call.ts';

/** A call by its outcome. */
export interface Outcome {
  /** `reviews-v1`, `503 no healthy upstream`, or an error's code such as `ECONNRESET`. */
  readonly landing: string;
  /** 0 when no answer came. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly seen?: Received;
  readonly durationMs: number;
}

/** How often calls landed where. */
export type Tally = Readonly<Record<string, number>>;

export interface LoadReport {
  readonly tally: Tally;
  /** When each landing was seen first, in milliseconds since the load began. */
  readonly firstMs: Tally;
}

export type PlainCall = Omit<Call, 'agent'>;

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Commands {
  call(what: PlainCall): Outcome;
  callMany(what: PlainCall & { readonly count: number }): Tally;
  /** HTTP/2 without TLS; as a gRPC call if the headers say so. Yields where it landed and the gRPC status, if any. */
  callHttp2(what: Target & { readonly path: string; readonly isGrpc: boolean }): {
    readonly landing: string;
    readonly version: string;
    readonly grpcStatus: string;
  };
  /** The first line that a server says of itself; see `greeting`. */
  greet(what: Target): string;
  /** What comes back for what is said first. */
  echo(what: Target & { readonly text: string }): string;
  /** What comes back over a WebSocket. */
  webSocket(what: { readonly url: string; readonly text: string }): string;
  /** The addresses that a name has for the C library; an error's code when it has none. */
  resolve(what: { readonly name: string; readonly family?: 4 | 6 }): readonly string[];
  /** How the application answers HTTP from now on; the first `count` requests only, if that is given. */
  behave(what: { readonly reply: Reply; readonly count?: number }): void;
  /** HTTP requests since the last `forget`. */
  received(what: object): readonly Received[];
  forget(what: object): void;
  /** Calls all the time over four kept connections. */
  startLoad(what: PlainCall): void;
  stopLoad(what: object): LoadReport;
  /** How far the load is, without stopping it. */
  lookAtLoad(what: object): LoadReport;
}

export interface Question<Name extends keyof Commands = keyof Commands> {
  readonly id: number;
  readonly command: Name;
  readonly what: Parameters<Commands[Name]>[0];
}

export type Reaction =
  | { readonly id: number; readonly result: ReturnType<Commands[keyof Commands]> }
  | { readonly id: number; readonly error: string };
