/** The behaviours themselves, each as a story of one world. */
import { isDeepStrictEqual } from 'node:util';
import type { Observed } from './observed.ts';
import { expect, expectNone, holds, isGone, isLive, isStale, tells } from './steps.ts';
import type { Ability, WantedInstance, World } from './world.ts';

export interface Trial {
  readonly world: World;
  /** A run of a source that has not said anything yet. */
  begin(): Observed;
  /** The same once it is synced. */
  open(): Promise<Observed>;
}

export interface Definition {
  readonly name: string;
  readonly needs?: Ability;
  /** Whether problems belong to it; otherwise there has to be none. */
  readonly tells?: true;
  readonly trial: (trial: Trial) => Promise<void>;
}

const one: WantedInstance = { id: 'one', address: '10.9.0.1', port: 8080, isHealthy: true };
const two: WantedInstance = { id: 'two', address: '10.9.0.2', port: 8080, isHealthy: true };
/** The second one somewhere else. */
const moved: WantedInstance = { ...two, address: '10.9.0.9' };
const three: WantedInstance = { id: 'three', address: '10.9.0.3', port: 8080, isHealthy: true };

/** In the order in which they are tried. */
export const definitions: readonly Definition[] = [
  {
    name: 'lists all that there is before it calls itself synced, and does so once',
    async trial({ world, open }) {
      await world.put('first', [one, two]);
      await world.put('second', [three]);
      const seen = await open();
      const missing = ['first', 'second'].filter((name) => !seen.hostsAtSync.includes(world.hostname(name)));
      expect(missing.length === 0, `first and second when it was synced`, `none of ${missing.join(' and ')}`);
      await holds(seen, world, 'first', [one, two]);
      await holds(seen, world, 'second', [three]);
      await world.put('third', [one]);
      await holds(seen, world, 'third', [one]);
      expect(seen.syncedCount === 1, 'one call of synced', String(seen.syncedCount));
    },
  },
  {
    name: 'is synced with an empty platform, and sees what comes',
    async trial({ world, open }) {
      const seen = await open();
      await world.put('first', [one]);
      await holds(seen, world, 'first', [one]);
    },
  },
  {
    name: 'adds a service, and changes nothing else',
    trial: changing(
      (world) => world.put('changing', [two, three]),
      (seen, world) => holds(seen, world, 'changing', [two, three]),
      [],
    ),
  },
  {
    name: 'adds an instance, and changes nothing else',
    trial: changing(
      (world) => world.put('changing', [one, two, three]),
      (seen, world) => holds(seen, world, 'changing', [one, two, three]),
    ),
  },
  {
    name: 'changes where an instance is, and nothing else',
    trial: changing(
      (world) => world.put('changing', [one, moved]),
      (seen, world) => holds(seen, world, 'changing', [one, moved]),
    ),
  },
  {
    name: 'removes an instance, and changes nothing else',
    trial: changing(
      (world) => world.put('changing', [two]),
      (seen, world) => holds(seen, world, 'changing', [two]),
    ),
  },
  {
    name: 'removes a service, and changes nothing else',
    trial: changing(
      (world) => world.remove('changing'),
      (seen, world) => isGone(seen, world, 'changing'),
    ),
  },
  {
    name: 'tells that an instance is unhealthy, and healthy again',
    needs: 'unhealthy',
    async trial({ world, open }) {
      await world.put('first', [one, two]);
      const seen = await open();
      await holds(seen, world, 'first', [one, two]);
      const failing = { ...two, isHealthy: false };
      await world.put('first', [one, failing]);
      await holds(seen, world, 'first', [one, failing]);
      await world.put('first', [one, two]);
      await holds(seen, world, 'first', [one, two]);
    },
  },
  {
    name: 'changes nothing when the platform says the same in another order',
    needs: 'reorder',
    async trial({ world, open }) {
      await world.put('first', [one, two, three]);
      await world.put('second', [two, one]);
      const seen = await open();
      await holds(seen, world, 'first', [one, two, three]);
      await holds(seen, world, 'second', [one, two]);
      await seen.quiet();
      seen.takeChanges();
      await world.reorder?.();
      // What is put now is seen after what was said in another order.
      await world.put('last', [one]);
      await holds(seen, world, 'last', [one]);
      expectNone(seen.takeChanges(world.hostname('last')));
    },
  },
  {
    name: 'keeps what is known while the platform is away, calls it stale, and is live again after',
    async trial({ world, open }) {
      await world.put('first', [one, two]);
      const seen = await open();
      await holds(seen, world, 'first', [one, two]);
      await seen.quiet();
      seen.takeChanges();
      await world.breakConnection();
      await isStale(seen);
      await seen.quiet();
      expectNone(seen.takeChanges());
      await world.mendConnection();
      await isLive(seen);
      await seen.quiet();
      expectNone(seen.takeChanges());
    },
  },
  {
    name: 'knows after an outage what has changed meanwhile',
    async trial({ world, open }) {
      for (const name of ['stays', 'changes', 'goes']) await world.put(name, [one, two]);
      const seen = await open();
      for (const name of ['stays', 'changes', 'goes']) await holds(seen, world, name, [one, two]);
      await world.breakConnection();
      await isStale(seen);
      await world.put('changes', [two, three]);
      await world.remove('goes');
      await world.put('comes', [three]);
      await world.mendConnection();
      await holds(seen, world, 'changes', [two, three]);
      await holds(seen, world, 'comes', [three]);
      await isGone(seen, world, 'goes');
      await holds(seen, world, 'stays', [one, two]);
      await isLive(seen);
    },
  },
  {
    name: 'starts while the platform is away, calls that stale, and is synced when it is there',
    async trial({ world, begin }) {
      await world.put('first', [one]);
      await world.breakConnection();
      const seen = begin();
      await isStale(seen);
      expectNone(seen.takeChanges());
      await world.mendConnection();
      await holds(seen, world, 'first', [one]);
      await seen.until('it to be synced', () => seen.syncedCount === 1);
      await isLive(seen);
    },
  },
  {
    name: 'lets what is broken break only itself, and tells of it',
    needs: 'putBroken',
    tells: true,
    async trial({ world, open }) {
      await world.put('good', [one, two]);
      await world.putBroken?.('broken');
      const seen = await open();
      await holds(seen, world, 'good', [one, two]);
      await tells(seen);
      await world.put('good', [two, three]);
      await holds(seen, world, 'good', [two, three]);
      await world.put('broken', [one]);
      await holds(seen, world, 'broken', [one]);
      await seen.until('no problem once it is mended', () => seen.problems().length === 0);
    },
  },
  {
    name: 'keeps what is known of a service that breaks, and tells of it',
    needs: 'putBroken',
    tells: true,
    async trial({ world, open }) {
      await world.put('good', [one, two]);
      await world.put('breaking', [three]);
      const seen = await open();
      await holds(seen, world, 'good', [one, two]);
      await holds(seen, world, 'breaking', [three]);
      await seen.quiet();
      seen.takeChanges();
      await world.putBroken?.('breaking');
      await tells(seen);
      await holds(seen, world, 'breaking', [three]);
      expectNone(seen.takeChanges());
    },
  },
  {
    name: 'throws nothing and drops nothing when the platform makes no sense',
    needs: 'garble',
    tells: true,
    async trial({ world, open }) {
      await world.put('first', [one, two]);
      const seen = await open();
      await holds(seen, world, 'first', [one, two]);
      await seen.quiet();
      seen.takeChanges();
      await world.garble?.();
      await isStale(seen);
      expectNone(seen.takeChanges());
      await world.mendConnection();
      await isLive(seen);
      await world.put('first', [two, three]);
      await holds(seen, world, 'first', [two, three]);
    },
  },
  {
    name: 'comes to what there is when the platform has lost its state',
    needs: 'loseState',
    async trial({ world, open }) {
      await world.put('first', [one, two]);
      await world.put('second', [three]);
      const seen = await open();
      await holds(seen, world, 'second', [three]);
      await world.loseState?.();
      await world.put('first', [two, three]);
      await holds(seen, world, 'first', [two, three]);
      await isGone(seen, world, 'second');
      await isLive(seen);
    },
  },
  {
    name: 'ends promptly when it is told to, and says nothing after',
    async trial({ world, open }) {
      await world.put('first', [one, two]);
      const seen = await open();
      await holds(seen, world, 'first', [one, two]);
      await seen.finish();
      const { calls } = seen;
      await world.put('first', [three]);
      await seen.quiet();
      expect(seen.calls === calls, 'no call after the end', `${seen.calls - calls}`);
    },
  },
  {
    name: 'ends promptly while the platform is away',
    tells: true,
    async trial({ world, open }) {
      await world.put('first', [one]);
      const seen = await open();
      await world.breakConnection();
      await isStale(seen);
      await seen.finish();
      await world.mendConnection();
      await seen.quiet();
    },
  },
  {
    name: 'states the same rows after a restart, and as a second one beside',
    async trial({ world, open }) {
      await world.put('first', [one, two]);
      await world.put('second', [three]);
      const rows: ReadonlyMap<string, unknown>[] = [];
      const first = await open();
      const second = await open();
      for (const seen of [first, second]) {
        await holds(seen, world, 'first', [one, two]);
        await holds(seen, world, 'second', [three]);
        rows.push(seen.rows());
      }
      await first.finish();
      const third = await open();
      await holds(third, world, 'second', [three]);
      await holds(third, world, 'first', [one, two]);
      rows.push(third.rows());
      for (const other of rows.slice(1)) {
        const differ = [...(rows[0] ?? [])].filter(([id, row]) => !isDeepStrictEqual(other.get(id), row));
        expectNone(differ.map(([id]) => id));
        expect(other.size === rows[0]?.size, 'as many rows', `${other.size} and ${rows[0]?.size}`);
      }
    },
  },
];

/** Something happens to a service beside another one. `before` is what there is of it. */
function changing(
  act: (world: World) => Promise<void>,
  follows: (seen: Observed, world: World) => Promise<void>,
  before: readonly WantedInstance[] = [one, two],
): Definition['trial'] {
  return async ({ world, open }) => {
    await world.put('other', [one, two]);
    await world.put('third', [three]);
    if (before.length > 0) await world.put('changing', before);
    const seen = await open();
    await holds(seen, world, 'other', [one, two]);
    if (before.length > 0) await holds(seen, world, 'changing', before);
    await seen.quiet();
    seen.takeChanges();
    await act(world);
    await follows(seen, world);
    await seen.quiet();
    expectNone(seen.takeChanges(world.hostname('changing')));
    await holds(seen, world, 'other', [one, two]);
  };
}
