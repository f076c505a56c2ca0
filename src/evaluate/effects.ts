/** What happens to a request on its way to a cluster, beside being sent there. */
import type { HeaderChange } from './header-changes.ts';

export interface Effects {
  /** As the upstream receives it; absent for CONNECT. */
  readonly path?: string;
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly retries?: Retries;
  /** Copies of the request, whose answers nobody waits for. */
  readonly mirrors: readonly Mirror[];
  readonly fault?: Fault;
  readonly cors?: Cors;
}

/** What one of several weighted clusters may do differently. */
export interface ShareEffects {
  /** As the upstream receives it. */
  readonly authority: string;
  /** In the order in which they are applied. */
  readonly requestHeaders: readonly HeaderChange[];
  readonly responseHeaders: readonly HeaderChange[];
}

export interface Retries {
  readonly on: readonly string[];
  /** Of retriable-status-codes. */
  readonly statusCodes: readonly number[];
  readonly attempts: number;
  /** 0: none of its own. */
  readonly perTryTimeoutMs: number;
}

export interface Mirror {
  readonly cluster: string;
  readonly percent: number;
}

export interface Fault {
  readonly delay?: { readonly ms: number; readonly percent: number };
  readonly abort?: { readonly status: number; readonly isGrpc: boolean; readonly percent: number };
}

/** Absent origin: the request says none. */
export interface Cors {
  readonly origin?: string;
  readonly isAllowed: boolean;
}
