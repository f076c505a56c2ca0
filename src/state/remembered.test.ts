import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type FakeClock, fakeClock } from '../../test/support/fake-clock.ts';
import { memoryCatalog } from '../../test/support/memory-catalog.ts';
import { memorySource } from '../../test/support/memory-source.ts';
import { recordingSink } from '../../test/support/recording-sink.ts';
import { type TempFolder, tempFolder } from '../../test/support/temp-folder.ts';
import { until } from '../../test/support/until.ts';
import { silent } from '../lib/log.ts';
import type { CatalogChange } from '../model/catalog.ts';
import type { Sink, Source } from '../model/source.ts';
import { catalogMemory, type Memory, objectMemory } from './memory.ts';
import { remembered } from './remembered.ts';

interface Life {
  readonly clock: FakeClock;
  readonly lines: readonly string[];
  /** Ends as a process does that is told to. */
  end(): Promise<void>;
}

/** A process with one source that keeps its state in `state.jsonl` of a folder; it is a day later with each. */
async function live<Change>(
  folder: TempFolder,
  {
    source,
    memory,
    sink,
    day,
  }: {
    readonly source: Source<Change>;
    readonly memory: Memory<Change>;
    readonly sink: Sink<Change>;
    readonly day: number;
  },
): Promise<Life> {
  const clock = fakeClock();
  const lines: string[] = [];
  const say = (line: string) => lines.push(line.replaceAll(folder.path, '.'));
  const stop = new AbortController();
  const kept = remembered(source, {
    ...{ path: folder.at('state.jsonl'), memory, clock },
    doubter: memory === (catalogMemory as unknown) ? 'sink' : 'source',
    log: { ...silent, warn: say, error: (line) => say(line), info: say },
    now: () => Date.UTC(2026, 0, day) + clock.now(),
    onRecall: (name, seenAtMs, reason) => say(`${name} as of ${new Date(seenAtMs).toISOString()}: ${reason}`),
  });
  const ended = kept.run(sink, stop.signal);
  const end = () => {
    stop.abort();
    return ended;
  };
  folder.endFirst(end);
  await until(() => clock.pending > 0, { what: 'the source to run' });
  await turn();
  return { clock, lines, end };
}

const yamlOf = (...names: readonly string[]) =>
  names
    .map((name) => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {}\n`)
    .join('---\n');
const away = { state: 'stale', sinceMs: Date.UTC(2026, 0, 9), reason: 'away' } as const;

/** A life of a source of objects, which has listed some when it ends. */
async function firstLife(test: TestContext, ...names: readonly string[]): Promise<TempFolder> {
  const folder = tempFolder(test);
  const source = memorySource('kubernetes/k/services');
  const life = await live(folder, { source, memory: objectMemory, sink: recordingSink(), day: 1 });
  source.apply(yamlOf(...names));
  source.sync();
  await life.end();
  return folder;
}

async function secondLife(folder: TempFolder) {
  const source = memorySource('kubernetes/k/services');
  const sink = recordingSink();
  const life = await live(folder, { source, memory: objectMemory, sink, day: 2 });
  return { ...life, source, sink };
}

const services = (...names: readonly string[]) => names.map((name) => `Service shop/${name}`);

describe('a source of objects that remembers', () => {
  it('has what it had before when the platform does not answer for three seconds', async (test) => {
    const { clock, sink, source, lines } = await secondLife(await firstLife(test, 'a', 'b'));
    clock.advance(2999);
    assert.deepEqual([sink.isSynced, sink.objects()], [false, []]);
    clock.advance(1);
    assert.deepEqual([sink.isSynced, sink.objects(), sink.state], [true, services('a', 'b'), 'stale']);
    assert.match(lines[0] ?? '', /^kubernetes\/k\/services as of 20\d\d-.*: it has not answered yet$/);
    source.apply(yamlOf('a', 'b', 'c'));
    assert.equal(sink.state, 'stale');
    source.sync();
    assert.deepEqual([sink.objects(), sink.state], [services('a', 'b', 'c'), 'live']);
  });

  it('has it as soon as the platform cannot be seen', async (test) => {
    const { sink, source } = await secondLife(await firstLife(test, 'a', 'b'));
    source.sink.freshness(away);
    assert.deepEqual([sink.isSynced, sink.objects(), sink.state], [true, services('a', 'b'), 'stale']);
  });

  it('says what its source has said before its first list', async (test) => {
    const { sink, source } = await secondLife(await firstLife(test, 'a'));
    source.sink.freshness({ state: 'absent', reason: 'the server has no such kind' });
    source.sync();
    assert.deepEqual([sink.isSynced, sink.objects(), sink.state], [true, [], 'absent']);
  });

  it('drops what a first list lacks that comes later, and takes removals in between', async (test) => {
    const { sink, source } = await secondLife(await firstLife(test, 'a', 'b', 'c'));
    source.sink.freshness(away);
    source.remove(yamlOf('b'));
    assert.deepEqual(sink.objects(), services('a', 'c'));
    source.apply(yamlOf('a'));
    source.sync();
    assert.deepEqual([sink.objects(), sink.state], [services('a', 'c'), 'stale']);
    source.sink.freshness({ state: 'live' });
    assert.deepEqual([sink.objects(), sink.state], [services('a'), 'live']);
  });

  it('keeps what it had while a source that nobody is to wait for cannot be seen', async (test) => {
    const { clock, sink, source } = await secondLife(await firstLife(test, 'a', 'b'));
    source.sink.freshness(away);
    source.sync();
    clock.advance(60_000);
    assert.deepEqual([sink.objects(), sink.state], [services('a', 'b'), 'stale']);
    source.sink.freshness({ state: 'live' });
    assert.deepEqual([sink.objects(), sink.state], [[], 'live']);
  });

  it('has nothing but the list when that comes in time, unless most is gone', async (test) => {
    const { clock, sink, source } = await secondLife(await firstLife(test, 'a', 'b', 'c', 'd'));
    source.apply(yamlOf('a', 'b', 'x'));
    source.sync();
    assert.deepEqual([sink.objects(), sink.state], [services('a', 'b', 'x'), 'live']);
    clock.advance(60_000);
    assert.deepEqual(sink.objects(), services('a', 'b', 'x'));
  });

  it('keeps for half a minute what is gone if that is most, but for what is reported again or as gone', async (test) => {
    const { clock, sink, source } = await secondLife(await firstLife(test, 'a', 'b', 'c', 'd'));
    source.sync();
    assert.deepEqual(sink.objects(), services('a', 'b', 'c', 'd'));
    source.apply(yamlOf('a'));
    source.remove(yamlOf('b'));
    clock.advance(29_999);
    assert.deepEqual(sink.objects(), services('a', 'c', 'd'));
    clock.advance(1);
    assert.deepEqual(sink.objects(), services('a'));
  });

  it('keeps nothing of Secrets, and passes them on at once', async (test) => {
    const folder = tempFolder(test);
    const source = memorySource('kubernetes/k/secrets');
    const sink = recordingSink();
    const life = await live(folder, { source, memory: objectMemory, sink, day: 1 });
    source.apply('apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\ndata: {key: c2VjcmV0}\n');
    assert.deepEqual(sink.objects(), ['Secret shop/s']);
    source.sync();
    await life.end();
    assert.doesNotMatch(folder.read('state.jsonl'), /c2VjcmV0|shop/);
    assert.match(folder.read('state.jsonl'), /"end":0/);
  });
});

describe('a catalog that remembers', () => {
  /** A sink that tells in one line what it is told. */
  function tellingSink(): { readonly sink: Sink<CatalogChange>; takeTold(): readonly string[] } {
    const told: string[] = [];
    const textOf = ({ name, service }: CatalogChange) =>
      `${name} ${service?.instances.map(({ id }) => id).join('') ?? 'gone'}`;
    return {
      sink: {
        apply: (changes) => told.push(...changes.map(textOf)),
        synced: () => told.push('synced'),
        problems: () => {},
        freshness: ({ state }) => told.push(state),
      },
      takeTold: () => told.splice(0),
    };
  }

  it('tells the guard what it knew before, and that it could not be seen until now', async (test) => {
    const folder = tempFolder(test);
    const first = memoryCatalog();
    const before = await live(folder, { source: first, memory: catalogMemory, sink: tellingSink().sink, day: 1 });
    first.say({ web: 'abcd', api: 'a', same: 'x' });
    first.sink.synced();
    await before.end();
    const second = memoryCatalog();
    const { sink, takeTold } = tellingSink();
    await live(folder, { source: second, memory: catalogMemory, sink, day: 2 });
    second.say({ web: 'a', same: 'x' });
    assert.deepEqual(takeTold(), []);
    second.sink.synced();
    const known = ['web abcd', 'api a'];
    assert.deepEqual(takeTold(), ['stale', ...known, 'web a', 'same x', 'api gone', 'synced', 'live']);
  });
});

describe('a file with what a source said', () => {
  async function linesFor(test: TestContext, spoil: (text: string) => string): Promise<readonly string[]> {
    const folder = await firstLife(test, 'a', 'b');
    folder.write('state.jsonl', spoil(folder.read('state.jsonl')));
    const { clock, sink, lines } = await secondLife(folder);
    clock.advance(60_000);
    assert.deepEqual([sink.isSynced, sink.objects()], [false, []]);
    return lines;
  }
  function check(name: string, spoil: (text: string) => string, expected: string): void {
    it(name, async (test) => {
      assert.deepEqual(await linesFor(test, spoil), [`kubernetes/k/services: ./state.jsonl is ignored: ${expected}`]);
    });
  }
  check(
    'is ignored when it was cut off',
    (text) => text.slice(0, text.indexOf('{"end"')),
    'expected a file that was written to its end, found one of 3 lines without it',
  );
  check('is ignored when a line was', (text) => text.slice(0, -30), 'expected JSON, found something else in line 3');
  check(
    'is ignored when it is empty',
    () => '',
    'expected a file that was written to its end, found one of 0 lines without it',
  );
  check(
    'is ignored when it is not ours',
    () => '{"kind":"List"}\n',
    'expected a file that Fairway has written, found an object',
  );
  check(
    'is ignored when it is of a version to come',
    (text) => text.replace('"version":1', '"version":2'),
    'expected version 1 of the format, found 2',
  );
  check(
    'is ignored when it is that of another source',
    (text) => text.replace('kubernetes/k/services', 'consul/dc1'),
    'expected what kubernetes/k/services said, found that of "consul/dc1"',
  );
  check(
    'is ignored when something in it is no object',
    (text) => text.replace('"kind":"Service"', '"kind":7'),
    'expected something that kubernetes/k/services states, found line 2',
  );

  it('is written five seconds after a change at the latest, and not while most has just gone', async (test) => {
    const folder = tempFolder(test);
    const source = memorySource();
    const { clock } = await live(folder, { source, memory: objectMemory, sink: recordingSink(), day: 1 });
    const isIn = (text: string) => existsSync(folder.at('state.jsonl')) && folder.read('state.jsonl').includes(text);
    source.apply(yamlOf('a', 'b', 'c'));
    source.sync();
    clock.advance(4999);
    await turn();
    assert.equal(existsSync(folder.at('state.jsonl')), false);
    clock.advance(1);
    await until(() => isIn('"end":3'), { what: 'the file' });
    source.remove(yamlOf('a', 'b'));
    const goneAtMs = clock.now();
    const isWritten = () => {
      if (isIn('"end":1')) return true;
      clock.advance(1000);
      return false;
    };
    await until(isWritten, { what: 'the file with what is left' });
    assert.ok(clock.now() - goneAtMs >= 60_000);
  });

  it('that cannot be written is told once, and written when it can be', async (test) => {
    const folder = tempFolder(test);
    const source = memorySource();
    const { clock, lines } = await live(folder, { source, memory: objectMemory, sink: recordingSink(), day: 1 });
    folder.makeFolder('state.jsonl.new');
    source.apply(yamlOf('a'));
    source.sync();
    for (let i = 0; i < 3; i++) {
      clock.advance(5000);
      await until(() => lines.length > 0 && clock.pending > 1, { what: 'another try' });
    }
    assert.deepEqual(lines, ['memory: its state cannot be kept; what was kept before is there for the next start']);
    folder.remove('state.jsonl.new');
    clock.advance(5000);
    await until(() => lines.length > 1, { what: 'the file' });
    assert.equal(lines[1], 'memory: its state is kept again');
  });
});
