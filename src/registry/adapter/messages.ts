/** What the thread of an adapter and the process around it say to each other: values that can be cloned. */
import type { LogFields } from '../../lib/log.ts';
import type { AdapterPlace } from './load.ts';

export interface ThreadData {
  readonly place: AdapterPlace;
  readonly domainSuffix: string;
  readonly userAgent: string;
}

/** To the thread. */
export type Told =
  | { readonly run: true }
  | { readonly abort: true }
  /** Asks about a service; answers bear the number. */
  | { readonly reread: string; readonly number: number }
  /** Nobody waits for that answer any more. */
  | { readonly forget: number };

/** From the thread. What an adapter has made itself is not known to have any form. */
export type Said =
  | { readonly created: { readonly name: string; readonly kind: string; readonly canReread: boolean } }
  | { readonly refused: string }
  | { readonly call: 'apply' | 'synced' | 'problems' | 'freshness'; readonly args: readonly unknown[] }
  | { readonly ended: true; readonly error?: string }
  | { readonly answered: number; readonly service?: unknown; readonly error?: string }
  | {
      readonly log: 'error' | 'warn' | 'info' | 'debug';
      readonly message: string;
      readonly fields: LogFields | undefined;
    };
