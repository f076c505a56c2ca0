import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { serviceOf } from '../../../test/support/guarded-catalog.ts';
import { formatProblem } from '../../model/problem.ts';
import { polledCatalog, type ReadService } from './polled-catalog.ts';

/** What one reading finds: instances by letter, `!why` for a fault; undefined for no change, an Error for no answer. */
type Reading = { readonly [name: string]: string } | undefined | Error;

function serviceIn(text: string): ReadService {
  return text.startsWith('!') ? { fault: text.slice(1) } : serviceOf(text);
}

/** What is said, reading by reading. */
async function said(...readings: readonly Reading[]): Promise<readonly (readonly string[])[]> {
  const clock = fakeClock();
  const all: string[][] = [];
  const last = (text: string) => all.at(-1)?.push(text);
  const stop = new AbortController();
  const catalog = polledCatalog({
    name: 'mine/here',
    kind: 'MineService',
    intervalMs: 1000,
    clock,
    random: () => 0,
    async read() {
      const reading = readings[all.length];
      all.push([]);
      if (reading instanceof Error) throw reading;
      return reading === undefined
        ? undefined
        : new Map(Object.entries(reading).map(([name, text]) => [name, serviceIn(text)]));
    },
  });
  const ended = catalog.run(
    {
      apply: (changes) =>
        last(
          changes
            .map(({ name, service }) => `${name} ${service?.instances.map(({ id }) => id).join('') ?? 'gone'}`)
            .join(', '),
        ),
      synced: () => last('synced'),
      problems: (_, problems) => last(problems.map(formatProblem).join() || 'no problem'),
      freshness: (one) => last(one.state === 'stale' ? `stale: ${one.reason}` : one.state),
    },
    stop.signal,
  );
  while (all.length < readings.length) {
    clock.advance(1000);
    await turn();
  }
  await turn();
  stop.abort();
  await ended;
  assert.equal(clock.pending, 0);
  return all;
}

describe('a catalog that is read again and again', () => {
  function check(name: string, readings: readonly Reading[], expected: readonly (readonly string[])[]): void {
    it(name, async () => assert.deepEqual(await said(...readings), expected));
  }
  check(
    'reports all and is synced, then what differs',
    [{ a: 'x', b: 'x' }, { a: 'x', b: 'xy', c: 'z' }, { a: 'x' }],
    [['a x, b x', 'synced'], ['b xy, c z'], ['b gone, c gone']],
  );
  check('says nothing when nothing has changed', [{ a: 'x' }, undefined, { a: 'x' }], [['a x', 'synced'], [], []]);
  check('is synced when there is nothing', [{}], [['synced']]);
  check(
    'is stale while it cannot be read',
    [new Error('away'), { a: 'x' }, new Error('no'), undefined],
    [['stale: away'], ['a x', 'live', 'synced'], ['stale: no'], ['live']],
  );
  check(
    'cannot be the same as before at first',
    [undefined],
    [['stale: expected services, found no change since nothing']],
  );
  const problem = 'MineService b of cluster mine/here: port [FW3140]';
  check(
    'keeps a service that cannot be told, and says why once',
    [
      { a: 'x', b: 'x' },
      { a: 'xy', b: '!port' },
      { a: 'xy', b: '!port' },
      { a: 'xy', b: 'x' },
    ],
    [['a x, b x', 'synced'], [problem, 'a xy'], [], ['no problem']],
  );
  check('forgets a fault with its service', [{ b: '!port' }, {}], [[problem, 'synced'], ['no problem']]);

  it('is asked less often while it cannot be read', async () => {
    const clock = fakeClock();
    let count = 0;
    const stop = new AbortController();
    const catalog = polledCatalog({
      name: 'mine/here',
      kind: 'MineService',
      intervalMs: 10,
      clock,
      random: () => 0,
      async read() {
        count += 1;
        throw new Error('away');
      },
    });
    void catalog.run({ apply() {}, synced() {}, problems() {}, freshness() {} }, stop.signal);
    for (let ms = 0; ms < 10_000; ms += 10) {
      await turn();
      clock.advance(10);
    }
    stop.abort();
    assert.ok(count < 10, `${count} readings in ten seconds`);
  });
});
