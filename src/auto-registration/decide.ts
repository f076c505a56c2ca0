/**
 * What is to become of the entry of one workload, as one replica sees it. Several replicas decide at once, each by what it finds
 * and knows, and writes are refused where what was found has changed: then they decide again.
 *
 *      connected ─► there is an entry, and of those who claim it the one that was connected to last does
 *      gone ──────► who claims it notes when, waits, and removes it; a workload that has come back elsewhere is not its own any more
 */
import type { RegistrationState } from '../model/registration.ts';

export interface Situation {
  /** Who decides. */
  readonly controller: string;
  readonly presence: Presence;
  /** `written`: somebody has written an entry of that name by hand. */
  readonly found: RegistrationState | 'absent' | 'written';
  /** How long a workload may be away. */
  readonly graceMs: number;
}

export type Presence =
  /** `isSettled`: the entry has said all that is known of the workload since it has connected. */
  | { readonly is: 'connected'; readonly sinceMs: number; readonly isSettled: boolean }
  | { readonly is: 'gone'; readonly forMs: number };

export type Decision =
  | { readonly do: 'nothing' | 'create' | 'leave' | 'remove' | 'forget' }
  | { readonly do: 'claim'; readonly connectedAtMs: number }
  | { readonly do: 'wait'; readonly ms: number };

export function decide(situation: Situation): Decision {
  const { presence } = situation;
  return presence.is === 'connected' ? ofConnected(situation, presence) : ofGone(situation, presence);
}

function ofConnected(
  { controller, found }: Situation,
  { sinceMs, isSettled }: Extract<Presence, { is: 'connected' }>,
): Decision {
  if (found === 'absent') return { do: 'create' };
  // What a person has written is left to that person.
  if (found === 'written') return { do: 'nothing' };
  const { connectedAtMs = 0, disconnectedAtMs, askedAtMs } = found;
  const isOwn = found.controller === controller;
  if (isOwn && isSettled && disconnectedAtMs === undefined && askedAtMs === undefined) return { do: 'nothing' };
  // Another replica was connected to later: a second stream of the workload, or its next one.
  const isTaken = !isOwn && disconnectedAtMs === undefined && connectedAtMs >= sinceMs;
  if (isSettled && isTaken) return { do: 'nothing' };
  // Clocks differ: who comes later says so.
  return { do: 'claim', connectedAtMs: isOwn ? sinceMs : Math.max(sinceMs, connectedAtMs + 1) };
}

function ofGone({ controller, found, graceMs }: Situation, { forMs }: Extract<Presence, { is: 'gone' }>): Decision {
  if (found === 'absent' || found === 'written' || found.controller !== controller) return { do: 'forget' };
  if (found.disconnectedAtMs === undefined) return { do: 'leave' };
  return forMs < graceMs ? { do: 'wait', ms: graceMs - forMs } : { do: 'remove' };
}
