import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeView } from './view.fake.ts';
import type { View, ViewReader } from './view.ts';

/** A reader that notes when it is told of a change; it stands where it is put. */
function readerAt(revision: number): ViewReader & { readonly told: number[]; revision: number } {
  const told: number[] = [];
  return { revision, told, changed: (sinceMs) => told.push(sinceMs) };
}

const changes = (view: View, since: number) =>
  view
    .changesSince(since)
    .map(({ name, resource, before }) => `${name}: ${before?.version ?? 'none'} to ${resource?.version ?? 'none'}`);

describe('a commit', () => {
  it('is a change for each resource that is new, different or gone, with what was there before', () => {
    const { view, commit } = fakeView();
    commit(1, { a: '1', b: '1', c: '1' });
    commit(2, { a: '2', b: undefined, d: '1' });
    assert.deepEqual(changes(view, 1), ['a: 1 to 2', 'b: 1 to none', 'd: none to 1']);
  });

  it('that brings equal bytes is no change, and readers are not told', () => {
    const { view, commit } = fakeView();
    commit(1, { a: '1' });
    const reader = readerAt(1);
    view.attach(reader);
    commit(2, { a: '1' });
    assert.deepEqual([view.revision, changes(view, 1), reader.told], [1, [], []]);
  });

  it('that changes a resource twice compares the first state with the last', () => {
    const { view, commit } = fakeView();
    commit(1, { a: '1' });
    commit(2, { a: '2' });
    commit(3, { a: '1' });
    assert.deepEqual([changes(view, 0), changes(view, 1)], [['a: 2 to 1'], ['a: 2 to 1']]);
  });

  it('is told to every reader, with the time of its cause', () => {
    const { view, commit } = fakeView();
    const readers = [readerAt(0), readerAt(0)];
    for (const reader of readers) view.attach(reader);
    commit(1, { a: '1' });
    commit(4, { b: '1' });
    assert.deepEqual(
      readers.map(({ told }) => told),
      [
        [1000, 4000],
        [1000, 4000],
      ],
    );
  });
});

describe('the log of a view', () => {
  it('keeps what the slowest reader has not taken', () => {
    const { view, commit } = fakeView();
    const slow = readerAt(0);
    view.attach(slow);
    for (let revision = 1; revision <= 300; revision++) commit(revision, { [`r${revision}`]: '1' });
    assert.equal(view.changesSince(0).length, 300);
  });

  it('forgets what all readers have taken', () => {
    const { view, commit } = fakeView();
    const reader = readerAt(0);
    view.attach(reader);
    for (let revision = 1; revision <= 300; revision++) {
      commit(revision, { [`r${revision}`]: '1' });
      reader.revision = revision;
    }
    assert.ok(view.changesSince(0).length <= 64);
  });
});

describe('names that readers ask for', () => {
  it('are followed once for all readers of one subscription, until the last has left', () => {
    const { view, followed } = fakeView();
    const names = new Set(['a', 'b']);
    view.follow(names);
    view.follow(names);
    view.unfollow(names);
    const between = [...followed];
    view.unfollow(names);
    assert.deepEqual(
      [between, [...followed]],
      [
        [
          ['a', 1],
          ['b', 1],
        ],
        [
          ['a', 0],
          ['b', 0],
        ],
      ],
    );
  });

  it('are followed for each subscription they are in', () => {
    const { view, followed } = fakeView();
    const [one, other] = [new Set(['a', 'b']), new Set(['b'])];
    view.follow(one);
    view.follow(other);
    view.unfollow(one);
    assert.deepEqual(
      [...followed],
      [
        ['a', 0],
        ['b', 1],
      ],
    );
  });
});

describe('a shared response', () => {
  const response = { frame: Buffer.from('frame'), nonce: '1', fresh: ['a'] };

  it('is found under its key until something changes', () => {
    const { view, commit } = fakeView();
    view.share('key', response);
    const found = view.sharedResponse('key');
    commit(1, { a: '1' });
    assert.deepEqual(
      [found, view.sharedResponse('key'), view.sharedResponse('other')],
      [response, undefined, undefined],
    );
  });

  it('is not the only thing that a view can remember, but a quiet view remembers only so many', () => {
    const { view } = fakeView();
    view.share('first', response);
    for (let i = 0; i < 5000; i++) view.share(`key ${i}`, response);
    assert.deepEqual([view.sharedResponse('first'), view.sharedResponse('key 4999')], [undefined, response]);
  });
});

it('what is remembered is found out once until something changes', () => {
  const { view, commit } = fakeView();
  let made = 0;
  const ask = () =>
    view.remember('key', () => {
      made += 1;
      return made;
    });
  const before = [ask(), ask()];
  commit(1, { a: '1' });
  assert.deepEqual([...before, ask()], [1, 1, 2]);
});

it('nonces differ within a view and between views', () => {
  const [one, other] = [fakeView({ number: 1 }).view, fakeView({ number: 2 }).view];
  const nonces = [one.nextNonce(), one.nextNonce(), other.nextNonce(), other.nextNonce()];
  assert.equal(new Set(nonces).size, 4);
});

it('a view is abandoned when its last reader leaves', () => {
  const { view, isAbandoned } = fakeView();
  const readers = [readerAt(0), readerAt(0)];
  for (const reader of readers) view.attach(reader);
  const states = readers.map((reader) => {
    view.detach(reader);
    return isAbandoned();
  });
  assert.deepEqual(states, [false, true]);
});
