import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.ts';

export interface TakenConnections {
  /** Lets all of them go. */
  release(): void;
}

/** How long to wait before the place of a connection that was turned away is asked for again, in milliseconds. */
const retryMs = 20;

/**
 * Takes all connections that a server accepts of one client, and resolves when the server has none left. Those of queries
 * that nobody waits for any more become free in their time (a minute; a change ends them earlier) and are taken then.
 *
 * `most`: how many the server accepts of one client.
 */
export async function takeAllConnections({ hostname, port }: URL, most: number): Promise<TakenConnections> {
  const open = new Map<Socket, number>();
  let opened = 0;
  let lastTurnedAway = 0;
  let isReleased = false;
  const take = () => {
    if (isReleased) return;
    opened += 1;
    const number = opened;
    const socket = connect(Number(port), hostname);
    open.set(socket, number);
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      lastTurnedAway = Math.max(lastTurnedAway, number);
      void sleep(retryMs).then(take);
    });
  };
  const release = () => {
    isReleased = true;
    for (const socket of open.keys()) socket.destroy();
  };
  for (let i = 0; i <= most; i += 1) take();
  // A connection that is open may not have been looked at yet; a server looks at them in turn.
  const kept = () => [...open.values()].filter((number) => number < lastTurnedAway).length;
  await until(() => kept() >= most, { what: `${most} connections to be taken`, mostMs: 70_000 }).catch((error) => {
    release();
    throw error;
  });
  return { release };
}
