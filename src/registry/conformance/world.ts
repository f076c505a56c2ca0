/** What the author of a registry gives, so that the behaviours of every registry can be seen in theirs. */
import type { Source } from '../../model/source.ts';
import type { RegistryChange } from '../registry.ts';

/** An instance as it shall be in the platform. */
export interface WantedInstance {
  readonly id: string;
  /** An IPv4 address. Two instances of a service never share one. */
  readonly address: string;
  readonly port: number;
  readonly isHealthy: boolean;
}

/**
 * What not every platform has. Whoever leaves one out says why in `cannot`, and the behaviours that need it are skipped with that
 * reason.
 */
export type Ability = 'unhealthy' | 'reorder' | 'putBroken' | 'garble' | 'loseState';

/** A platform with nothing in it that the mesh would see, for one behaviour. */
export interface World {
  /** A source under test: a new one each time, of this platform. One for catalogs comes from `catalogRows`. */
  source(): Source<RegistryChange>;
  /** The host name that a service of that name is called by: lower case. Where a source has more names for it, one of them. */
  hostname(service: string): string;
  /** Makes the platform hold a service with these instances and no others. All listen on one port at a time, of HTTP. */
  put(service: string, instances: readonly WantedInstance[]): Promise<void>;
  /** The platform holds no service of that name any more. */
  remove(service: string): Promise<void>;
  /** From now on the source cannot reach the platform; what is open breaks off. `put` and `remove` work all the same. */
  breakConnection(): Promise<void>;
  mendConnection(): Promise<void>;
  /** The platform says what it holds in another order than before, and the source gets to hear it. */
  reorder?(): Promise<void>;
  /** Puts something of that name beside what is good that cannot be a service, until `put` or `remove` of that name. */
  putBroken?(service: string): Promise<void>;
  /** From now on the platform answers what makes no sense, such as a page of HTML, until `mendConnection`. */
  garble?(): Promise<void>;
  /** The platform starts anew and has lost all that was put; it can be reached when this resolves. */
  loseState?(): Promise<void>;
  /** Why what is missing is missing. `unhealthy` where the platform has no health. */
  readonly cannot: { readonly [ability in Ability]?: string };
  /** How long the source may take to notice something, in milliseconds; 10 s when absent. */
  readonly noticesMs?: number;
  /** After this long without a word nothing more comes of what was done, in milliseconds; 300 ms when absent. */
  readonly quietMs?: number;
  close(): Promise<void>;
}
