/** What a RouteConfiguration is to be, complete. Durations are in milliseconds. */
import type { OriginKey } from '../model/origin.ts';

export interface VirtualHostIr {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly RouteIr[];
  readonly requiresTls?: boolean;
  /** Requests say which attempt they are. */
  readonly countsAttempts: boolean;
  readonly origins: readonly OriginKey[];
}

export interface RouteIr {
  readonly name: string;
  readonly match: MatchIr;
  readonly action: ActionIr;
  readonly headers?: HeadersIr;
  readonly fault?: FaultIr;
  readonly cors?: CorsIr;
  readonly statPrefix?: string;
  /** The name of the operation in traces. */
  readonly operation?: string;
  /** The API path of the rule it comes from. */
  readonly config?: string;
  readonly origin?: RuleOrigin;
}

/** A rule and the place in it, such as `VirtualService/shop/reviews` and `spec.http[1]`. */
export interface RuleOrigin {
  readonly object: OriginKey;
  readonly path: string;
}

export type TextMatchIr =
  | { readonly kind: 'exact' | 'prefix'; readonly value: string }
  /** RE2, of the whole text. */
  | { readonly kind: 'regex'; readonly value: string }
  | { readonly kind: 'present' };

export interface MatchIr {
  readonly path: { readonly kind: 'exact' | 'prefix' | 'regex' | 'segments'; readonly value: string };
  /** Written even when it is the default, as Istio does for routes of rules. */
  readonly caseSensitive?: boolean;
  readonly headers?: readonly {
    readonly name: string;
    readonly match: TextMatchIr;
    readonly inverted?: boolean;
    readonly missingIsEmpty?: boolean;
  }[];
  readonly query?: readonly { readonly name: string; readonly match: TextMatchIr }[];
  /** Claims of a verified token, by path. */
  readonly claims?: readonly {
    readonly path: readonly string[];
    readonly match: TextMatchIr;
    readonly inverted?: boolean;
  }[];
}

export type ActionIr =
  | ({ readonly kind: 'forward' } & ForwardIr)
  | { readonly kind: 'redirect'; readonly redirect: RedirectIr }
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly body?: { readonly text: string } | { readonly base64: string };
    };

export interface ForwardIr {
  /** One cluster, or several by weight. */
  readonly clusters: readonly WeightedClusterIr[];
  readonly isWeighted: boolean;
  /** 0 means no limit; Envoy's own default must never apply. */
  readonly timeoutMs: number;
  /** Inbound routes leave gRPC's deadline alone and set the stream's duration instead. */
  readonly limits: 'grpc-timeout' | 'stream-duration';
  readonly retry?: RetryIr;
  readonly rewrite?: RewriteIr;
  readonly hostRewrite?: string;
  readonly mirrors?: readonly { readonly cluster: string; readonly fraction: FractionIr }[];
  readonly hash?: readonly HashIr[];
}

export interface WeightedClusterIr {
  readonly name: string;
  readonly weight: number;
  readonly headers?: HeadersIr;
  readonly hostRewrite?: string;
}

export type RewriteIr =
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly pattern: string; readonly substitution: string };

export interface RetryIr {
  readonly on: string;
  readonly attempts: number;
  readonly statusCodes: readonly number[];
  readonly perTryTimeoutMs?: number;
  readonly backoffMs?: number;
  readonly avoidsPreviousHosts: boolean;
  readonly hostAttempts?: number;
  readonly usesOtherPriorities?: boolean;
}

export interface FractionIr {
  readonly numerator: number;
  readonly denominator: 'HUNDRED' | 'MILLION';
}

export type HashIr =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'source-ip' }
  | {
      readonly kind: 'cookie';
      readonly name: string;
      readonly path?: string;
      readonly ttlMs?: number;
      readonly attributes?: readonly { readonly name: string; readonly value: string }[];
    };

export interface RedirectIr {
  readonly host?: string;
  readonly scheme?: string;
  readonly port?: number;
  readonly path?: { readonly kind: 'path' | 'prefix'; readonly value: string };
  readonly code: 301 | 302 | 303 | 307 | 308;
}

export interface HeadersIr {
  readonly requestAdd?: readonly HeaderValueIr[];
  readonly requestRemove?: readonly string[];
  readonly responseAdd?: readonly HeaderValueIr[];
  readonly responseRemove?: readonly string[];
}

export interface HeaderValueIr {
  readonly name: string;
  readonly value: string;
  readonly mode: 'overwrite' | 'append';
}

export interface FaultIr {
  readonly delay?: { readonly fixedMs: number; readonly fraction: FractionIr };
  readonly abort?: { readonly httpStatus?: number; readonly grpcStatus?: number; readonly fraction: FractionIr };
}

export interface CorsIr {
  readonly origins: readonly TextMatchIr[];
  readonly methods: string;
  readonly headers: string;
  readonly exposed: string;
  readonly maxAge?: string;
  readonly allowsCredentials?: boolean;
  readonly forwardsOtherPreflights: boolean;
}
