/**
 * An Envoy that outlives its agent: SIGKILL of the agent alone, as by hand or for want of memory, is told to nobody. The next
 * Envoy could not take its ports, while the one that is left answered for it.
 */
import type { Clock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import type { Log } from '../lib/log.ts';
import type { EnvoyAdmin } from './envoy-admin.ts';

/** How long an Envoy that was asked to end may keep its ports, in milliseconds. */
const endMs = 5000;
const lookMs = 50;
const never = new AbortController().signal;

/**
 * Ends the Envoy that answers where ours is to, if it is of the same pod. Assumes that no agent of this pod runs beside us.
 * Rejected with the reason when the address stays taken.
 */
export async function endLeftOver(admin: EnvoyAdmin, nodeId: string, clock: Clock, log: Log): Promise<void> {
  const found = await admin.nodeId().catch((cause: unknown) => {
    throw new Error('another process listens there', { cause });
  });
  if (found === undefined) return;
  if (podIn(found) !== podIn(nodeId)) throw new Error(`the Envoy of ${podIn(found) || 'nobody'} listens there`);
  log.warn('an Envoy of this pod runs whose agent is gone; it is ended', { node: found });
  await admin.quit();
  const lastMs = clock.now() + endMs;
  const isThere = async () => (await admin.nodeId().catch(() => found)) !== undefined;
  while (await isThere()) {
    if (clock.now() > lastMs) throw new Error('an Envoy of this pod listens there, and does not end');
    await delay(clock, lookMs, never);
  }
}

/** `web-1.shop` in `sidecar~10.0.0.7~web-1.shop~shop.svc.cluster.local`: the address may have changed since. */
function podIn(nodeId: string): string {
  return nodeId.split('~')[2] ?? '';
}
