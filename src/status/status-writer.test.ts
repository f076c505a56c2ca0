import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { changeOf, objectIn } from '../../test/support/objects.ts';
import { ApiError } from '../kubernetes/errors.ts';
import { ConnectionError } from '../lib/http-client.ts';
import { silent } from '../lib/log.ts';
import type { ObjectSink } from '../model/object-source.ts';
import { ClusterObjects } from './cluster-objects.ts';
import type { Condition, Statement } from './condition.ts';
import { NoStatus } from './status-store.ts';
import { StatusWriter } from './status-writer.ts';

const keyOf = (name: string) => `networking.istio.io/Sidecar/shop/${name}`;

/** A cluster that holds objects and takes statuses, or fails as it is told. */
function scene(names: readonly string[]) {
  const clock = fakeClock();
  const objects = new ClusterObjects();
  const writes: string[] = [];
  const results: string[] = [];
  const lines: string[] = [];
  const versions = new Map<string, number>();
  let message = 'one';
  let isLeader = true;
  let fault: Error | undefined;
  let hold: Promise<void> | undefined;
  let underWay = 0;
  let most = 0;
  let sink: ObjectSink | undefined;
  const source = objects.tap({
    name: 'rules',
    run: async (given) => {
      sink = given;
    },
  });
  const ignore = { apply: () => {}, synced: () => {}, problems: () => {}, freshness: () => {} };
  void source.run(ignore, new AbortController().signal);
  const writer = new StatusWriter({
    objects,
    judge: (): readonly Statement[] => [{ type: 'Accepted', status: 'True', reason: 'Accepted', message }],
    store: {
      async write({ name, uid }, conditions, signal) {
        underWay += 1;
        most = Math.max(most, underWay);
        await (hold ?? new Promise(setImmediate));
        underWay -= 1;
        if (signal.aborted) throw new ConnectionError('aborted');
        if (fault !== undefined) throw fault;
        writes.push(`${name} ${conditions[0]?.message}`);
        return { metadata: { uid, resourceVersion: next(name) }, status: { conditions } };
      },
    },
    isLeader: () => isLeader,
    log: { ...silent, warn: (line) => void lines.push(line) },
    onWrite: (result) => results.push(result),
    clock,
    now: () => clock.now(),
    random: () => 1,
  });
  const next = (name: string) => {
    versions.set(name, (versions.get(name) ?? 0) + 1);
    return String(versions.get(name));
  };
  /** The cluster tells of an object, with the conditions that it has. */
  const tell = (name: string, conditions: readonly (Condition | object)[] = []) => {
    const object = objectIn(
      `{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: ${name}, namespace: shop}}`,
    );
    const metadata = { name, namespace: 'shop', uid: name, generation: 1, resourceVersion: next(name) };
    const value = { ...object.value, metadata, status: { conditions } };
    sink?.apply([changeOf({ ...object, value, origin: { ...object.origin, uid: name, generation: 1 } })]);
  };
  for (const name of names) tell(name);
  return {
    objects,
    writer,
    writes,
    results,
    lines,
    tell,
    touch: (...touched: readonly string[]) => {
      for (const name of touched) writer.touch(keyOf(name));
    },
    say: (text: string) => {
      message = text;
    },
    lose: () => {
      isLeader = false;
    },
    fail: (error: Error | undefined) => {
      fault = error;
    },
    holdUntil: (promise: Promise<void>) => {
      hold = promise;
    },
    get most() {
      return most;
    },
    get pending() {
      return clock.pending;
    },
    async pass(ms: number) {
      const step = Math.max(100, ms / 60);
      for (let left = ms; left > 0; left -= step) {
        clock.advance(Math.min(step, left));
        for (let turn = 0; turn < 6; turn++) await new Promise(setImmediate);
      }
    },
  };
}

describe('a status', () => {
  it('is written after a quiet second', async () => {
    const s = scene(['a']);
    s.touch('a');
    await s.pass(900);
    s.touch('a');
    await s.pass(900);
    assert.deepEqual(s.writes, []);
    await s.pass(200);
    assert.deepEqual([s.writes, s.results], [['a one'], ['written']]);
  });

  it('is written within seconds although it is never quiet', async () => {
    const s = scene(['a']);
    for (let i = 0; i < 11; i++) {
      s.touch('a');
      await s.pass(500);
    }
    assert.deepEqual(s.writes, ['a one']);
  });

  it('is not written again while it is the same', async () => {
    const s = scene(['a']);
    for (let i = 0; i < 5; i++) {
      s.touch('a');
      await s.pass(2000);
    }
    assert.deepEqual([s.writes, s.pending], [['a one'], 0]);
    s.say('two');
    s.touch('a');
    await s.pass(2000);
    assert.deepEqual(s.writes, ['a one', 'a two']);
  });

  it('is written a few at a time', async () => {
    const s = scene(Array.from({ length: 30 }, (_, i) => `n${i}`));
    const { promise, resolve } = Promise.withResolvers<void>();
    s.holdUntil(promise);
    for (let i = 0; i < 30; i++) s.touch(`n${i}`);
    await s.pass(2000);
    assert.deepEqual([s.most, s.writes.length], [4, 0]);
    resolve();
    await s.pass(2000);
    assert.deepEqual([s.most, s.writes.length], [4, 30]);
  });

  it('is not written once another one leads', async () => {
    const s = scene(['a']);
    s.touch('a');
    s.lose();
    await s.pass(2000);
    assert.deepEqual([s.writes, s.results], [[], []]);
  });

  it('is not written any more after the end, not even where it was under way', async () => {
    const s = scene(['a', 'b']);
    const { promise, resolve } = Promise.withResolvers<void>();
    s.holdUntil(promise);
    s.touch('a');
    await s.pass(2000);
    s.touch('b');
    s.writer.close();
    resolve();
    await s.pass(5000);
    assert.deepEqual([s.writes, s.results, s.pending], [[], [], 0]);
  });

  for (const error of [new ApiError(503, 'not now'), new ApiError(429, 'too many'), new ConnectionError('lost')])
    it(`is written later after: ${error.message}`, async () => {
      const s = scene(['a']);
      s.fail(error);
      s.touch('a');
      await s.pass(10_000);
      assert.deepEqual([s.writes, s.results], [[], ['failed', 'failed', 'failed']]);
      s.fail(undefined);
      await s.pass(20_000);
      assert.deepEqual([s.writes, s.pending], [['a one'], 0]);
    });

  it('is written no sooner than the server asks for', async () => {
    const s = scene(['a']);
    s.fail(new ApiError(429, 'too many', { retryAfterMs: 60_000 }));
    s.touch('a');
    await s.pass(2000);
    s.fail(undefined);
    s.touch('a');
    await s.pass(58_000);
    assert.deepEqual(s.writes, []);
    await s.pass(4000);
    assert.deepEqual(s.writes, ['a one']);
  });

  for (const [code, result] of [
    [404, 'gone'],
    [409, 'conflict'],
    [422, 'refused'],
  ] as const)
    it(`is given up after ${code} until the object changes`, async () => {
      const s = scene(['a']);
      s.fail(new ApiError(code, 'no'));
      s.touch('a');
      await s.pass(2000);
      s.fail(undefined);
      s.touch('a');
      await s.pass(60_000);
      assert.deepEqual([s.writes, s.results], [[], [result]]);
      s.tell('a');
      s.touch('a');
      await s.pass(2000);
      assert.deepEqual(s.writes, ['a one']);
    });

  for (const error of [new ApiError(403, 'forbidden'), new NoStatus('no status')])
    it(`is left out for the whole kind for a while, with one line, after: ${error.message}`, async () => {
      const s = scene(['a', 'b', 'c']);
      s.fail(error);
      s.touch('a');
      await s.pass(2000);
      s.touch('a', 'b', 'c');
      await s.pass(60_000);
      assert.deepEqual(
        [s.results, s.lines],
        [['refused'], [`statuses of Sidecars are not written for 10 min: ${error.message}`]],
      );
      s.fail(undefined);
      await s.pass(600_000);
      assert.deepEqual(s.writes, ['a one', 'b one', 'c one']);
    });

  it('is written again when it has been undone, at ever longer intervals', async () => {
    const s = scene(['a']);
    s.touch('a');
    await s.pass(2000);
    const intervals: number[] = [];
    for (let i = 0; i < 5; i++) {
      s.tell('a');
      s.touch('a');
      const before = s.writes.length;
      let waitedMs = 0;
      for (; s.writes.length === before && waitedMs < 60_000; waitedMs += 100) await s.pass(100);
      intervals.push(waitedMs);
    }
    assert.deepEqual(intervals, [3000, 4000, 6000, 10_000, 18_000]);
  });

  it('that was made for an object that is gone is not written', async () => {
    const s = scene([]);
    s.touch('a');
    await s.pass(2000);
    assert.deepEqual([s.writes, s.pending], [[], 0]);
  });
});
