import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fakeQueryClient } from '../../test/support/fake-query-client.ts';
import { ServiceWatches } from './service-watches.ts';

interface Happened {
  readonly heard: readonly string[];
  /** Services that are waited for, and those that are read just now. */
  readonly waits: string;
  readonly reads: string;
}

/** Watches over services on a server that holds a value and an index of each. */
function watch(test: TestContext, budget: number) {
  const client = fakeQueryClient();
  const heard: string[] = [];
  const told = new Map<string, unknown>();
  const stop = new AbortController();
  const watches = new ServiceWatches({
    client,
    queryOf: (path) => ({ path }),
    budget,
    waitMs: 60_000,
    clock: client.clock,
    random: () => 0,
    onAnswer(name, { value }) {
      heard.push(`${name}=${value}`);
      const isNew = told.get(name) !== value;
      told.set(name, value);
      return isNew;
    },
    onReset: (name) => heard.push(`${name} reset`),
    onFault: (name, reason) => heard.push(`${name}: ${reason}`),
    signal: stop.signal,
  });
  test.after(() => stop.abort());
  const { pass } = client;
  return {
    client,
    watches,
    stop,
    pass,
    set: (names: string) => watches.set(new Set(names.split(' '))),
    /** Answers all questions that do not wait, until none is left: each service is at 1 and of index 5 unless it is stated otherwise. */
    async settle(values: { readonly [name: string]: number } = {}, index = 5) {
      await pass(0);
      for (let left = 1; left > 0; ) {
        const now = client.open.filter((asked) => asked.index === undefined);
        left = now.length;
        for (const asked of now) asked.answer({ value: values[asked.path] ?? 1, index });
        await pass(100);
      }
    },
    happened: (): Happened => {
      const names = (isWaiting: boolean) =>
        client.open
          .filter(({ index }) => (index !== undefined) === isWaiting)
          .map(({ path }) => path)
          .sort()
          .join(' ');
      return { heard: heard.splice(0).sort(), waits: names(true), reads: names(false) };
    },
  };
}

describe('services within the budget', () => {
  it('have a query each that waits', async (test) => {
    const { set, settle, happened, watches } = watch(test, 3);
    set('a b c');
    await settle();
    assert.deepEqual(happened(), { heard: ['a=1', 'b=1', 'c=1'], waits: 'a b c', reads: '' });
    assert.deepEqual([watches.watchedCount, watches.needsHints], [3, false]);
  });

  it('have none when they are gone', async (test) => {
    const { set, settle, happened } = watch(test, 3);
    set('a b c');
    await settle();
    set('b');
    await settle();
    assert.equal(happened().waits, 'b');
  });

  it('are not read because of hints: their queries tell', async (test) => {
    const { set, settle, happened, watches } = watch(test, 3);
    set('a b');
    await settle();
    watches.hint(['a', 'b']);
    watches.suspectAll();
    assert.equal(happened().reads, '');
  });
});

describe('services beyond the budget', () => {
  const beyond = async (test: TestContext) => {
    const watched = watch(test, 1);
    watched.set('a b c');
    await watched.settle();
    assert.deepEqual(watched.happened(), { heard: ['a=1', 'b=1', 'c=1'], waits: 'a', reads: '' });
    return watched;
  };

  it('are read once, and then cost nothing', async (test) => {
    const { client, pass } = await beyond(test);
    const before = client.count;
    await pass(50_000);
    assert.equal(client.count, before);
  });

  it('are read when a hint names them, and stay without a query when that says nothing new', async (test) => {
    const { watches, settle, happened } = await beyond(test);
    watches.hint(['c', 'nobody']);
    await settle();
    assert.deepEqual(happened(), { heard: ['c=1'], waits: 'a', reads: '' });
  });

  it('take the place of one that has been quiet for longer, once its query is over', async (test) => {
    const { client, watches, settle, happened, pass } = await beyond(test);
    await pass(1000);
    watches.hint(['c']);
    await settle({ c: 2 });
    assert.deepEqual(happened(), { heard: ['c=2'], waits: 'a', reads: '' });
    client.about('a').answer({ value: 1, index: 5 });
    await settle({ c: 2 });
    assert.deepEqual(happened(), { heard: ['a=1', 'c=2'], waits: 'c', reads: '' });
  });

  for (const [what, tell] of [
    ['a hint names it', (watches: ServiceWatches) => watches.hint(['a'])],
    ['something changes that nobody names', (watches: ServiceWatches) => watches.suspectAll()],
  ] as const)
    it(`are read once more where they lose their place while ${what}: their last answer may be older`, async (test) => {
      const { client, watches, settle, happened, pass } = await beyond(test);
      await pass(1000);
      watches.hint(['c']);
      await settle({ c: 2 });
      happened();
      tell(watches);
      await settle({ c: 2 });
      happened();
      client.about('a').answer({ value: 1, index: 5 });
      await settle({ a: 2, c: 2 }, 6);
      assert.deepEqual(happened(), { heard: ['a=1', 'a=2', 'c=2'], waits: 'c', reads: '' });
    });

  it('take no place of one that has changed itself', async (test) => {
    const { client, watches, settle, happened, pass } = await beyond(test);
    await pass(1000);
    watches.hint(['c']);
    await settle({ c: 2 });
    await pass(1000);
    client.about('a').answer({ value: 2, index: 6 });
    await settle();
    assert.equal(happened().waits, 'a');
  });

  it('are read when something has changed that nobody names, those that changed last first', async (test) => {
    const { watches, settle, pass, client } = await beyond(test);
    for (const name of ['c', 'b']) {
      await pass(1000);
      watches.hint([name]);
      await settle({ b: 2, c: 2 });
    }
    await pass(1000);
    watches.hint(['c']);
    await settle({ b: 2, c: 3 });
    watches.suspectAll();
    await pass(0);
    assert.deepEqual(
      client.open.filter(({ index }) => index === undefined).map(({ path }) => path),
      ['c', 'b'],
    );
  });

  it('are read at most fifty times a second when nobody names what has changed', async (test) => {
    const { client, pass, watches, set, settle } = watch(test, 1);
    set(Array.from({ length: 201 }, (_, i) => `s${i}`).join(' '));
    await settle();
    watches.suspectAll();
    const before = client.count;
    for (let ms = 0; ms < 1000; ms += 10) {
      await pass(0);
      for (const asked of client.open.filter(({ index }) => index === undefined)) asked.answer({ value: 1, index: 5 });
      await pass(10);
    }
    const reads = client.count - before;
    assert.ok(reads >= 40 && reads <= 54, `${reads} reads`);
  });

  it('get places that become free', async (test) => {
    const { set, settle, happened } = await beyond(test);
    set('b c');
    await settle();
    assert.equal(happened().waits.split(' ').length, 1);
  });

  it('are read again after a fault, at growing distances', async (test) => {
    const { watches, happened, pass, client } = await beyond(test);
    watches.hint(['b']);
    for (const pauseMs of [100, 200, 400]) {
      await pass(0);
      client.open.find(({ index }) => index === undefined)?.fail(new Error('cut'));
      await pass(pauseMs - 1);
      assert.deepEqual(happened(), { heard: ['b: cut'], waits: 'a', reads: '' });
      await pass(1);
      assert.equal(happened().reads, 'b');
    }
  });

  it('are read by ever fewer questions while all of them fail, and all of them soon after', async (test) => {
    const { client, set, pass, settle, happened } = watch(test, 1);
    set(Array.from({ length: 201 }, (_, i) => `s${i}`).join(' '));
    await pass(0);
    client.about('s0').answer({ index: 5 });
    const failFor = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        for (const asked of client.open.filter(({ index }) => index === undefined)) asked.fail(new Error('away'));
        await pass(100);
      }
    };
    await failFor(60_000);
    const before = client.count;
    await failFor(60_000);
    const reads = client.count - before;
    assert.ok(reads > 0 && reads <= 60, `${reads} reads in a minute`);
    happened();
    for (let seconds = 0; seconds < 12; seconds += 1) {
      await settle();
      await pass(1000);
    }
    assert.equal(new Set(happened().heard).size, 200);
  });

  it('tell when the index of what they are read at goes back', async (test) => {
    const { watches, settle, happened } = await beyond(test);
    watches.hint(['b']);
    await settle({}, 3);
    assert.deepEqual(happened().heard, ['b reset', 'b=1']);
  });
});

it('everything is asked again without waiting when that is wanted', async (test) => {
  const { set, settle, happened, watches } = watch(test, 2);
  set('a b c');
  await settle();
  happened();
  watches.askAgain();
  await settle({}, 4);
  assert.deepEqual(happened(), {
    heard: ['a reset', 'a=1', 'b reset', 'b=1', 'c reset', 'c=1'],
    waits: 'a b',
    reads: '',
  });
});

it('nothing is asked or waited for when the signal has aborted', async (test) => {
  const { set, settle, stop, client, pass, watches } = watch(test, 1);
  set('a b c');
  await settle();
  watches.suspectAll();
  await pass(0);
  client.open.find(({ index }) => index === undefined)?.fail(new Error('cut'));
  await pass(0);
  stop.abort();
  await pass(0);
  assert.deepEqual([client.open.length, client.clock.pending], [0, 0]);
});
