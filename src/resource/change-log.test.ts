import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Change, ChangeLog } from './change-log.ts';
import { fakeResource } from './view.fake.ts';

/** `a@2` for a resource, `-a` for one that is gone. */
const text = (changes: readonly Change[]) =>
  changes.map(({ name, resource }) => (resource === undefined ? `-${name}` : `${name}@${resource.version}`));

function added(entries: readonly (readonly [revision: number, name: string, version?: string])[]): ChangeLog {
  const log = new ChangeLog();
  for (const [revision, name, version] of entries)
    log.add(revision, {
      name,
      resource: version === undefined ? undefined : fakeResource(name, version),
      before: undefined,
    });
  return log;
}

describe('what has changed since a revision', () => {
  const log = added([
    [3, 'a', '1'],
    [3, 'b', '1'],
    [5, 'a', '2'],
    [6, 'c', '1'],
    [7, 'c'],
  ]);
  const check = (name: string, revision: number, expected: readonly string[]) =>
    it(name, () => assert.deepEqual(text(log.since(revision)), expected));

  check('lists each name once, at its last change', 0, ['b@1', 'a@2', '-c']);
  check('leaves out what that revision brought itself', 3, ['a@2', '-c']);
  check('may start between two revisions', 4, ['a@2', '-c']);
  check('says that something is gone even to those who never had it', 6, ['-c']);
  check('is nothing for those who stand at the end', 7, []);
  check('is nothing for those who are ahead', 8, []);
});

it('an addition shows in an answer that has been given before', () => {
  const log = added([[1, 'a', '1']]);
  const first = text(log.since(0));
  log.add(2, { name: 'b', resource: fakeResource('b', '1'), before: undefined });
  assert.deepEqual([first, text(log.since(0))], [['a@1'], ['a@1', 'b@1']]);
});

describe('a resource', () => {
  const versions = (...all: readonly (string | undefined)[]) => {
    const log = new ChangeLog();
    for (const [i, version] of all.entries()) {
      const [before, resource] = [all[i - 1], version].map((known) =>
        known === undefined ? undefined : fakeResource('a', known),
      );
      log.add(i + 1, { name: 'a', resource, before });
    }
    return log;
  };
  const check = (name: string, log: ChangeLog, expected: number) =>
    it(name, () =>
      assert.deepEqual(
        log.since(0).map(({ knownSince }) => knownSince),
        [expected],
      ),
    );

  check('is known since it was first there', versions('1', '2', '3'), 1);
  check('is known since then even if it was gone in between', versions('1', undefined, '1', '2'), 1);
  check('is known even if it is gone', versions('1', undefined), 1);
  const compacted = versions('1', '2');
  compacted.compact(2);
  compacted.add(3, { name: 'a', resource: fakeResource('a', '3'), before: fakeResource('a', '2') });
  check('may be known to everybody once the log has forgotten when it came', compacted, 0);
  const forgotten = versions('1', undefined);
  forgotten.compact(2);
  forgotten.add(3, { name: 'a', resource: fakeResource('a', '3'), before: undefined });
  check('is new again once everybody has been told that it was gone', forgotten, 3);
});

it('the same question has the same answer, made once', () => {
  const log = added([[1, 'a', '1']]);
  assert.equal(log.since(0), log.since(0));
});

it('a log that one name fills does not grow while its slowest reader stays behind', () => {
  const log = new ChangeLog();
  let largest = 0;
  for (let revision = 1; revision <= 10_000; revision++) {
    log.add(revision, { name: 'flapping', resource: fakeResource('flapping', `${revision}`), before: undefined });
    if (log.isDue) log.compact(0);
    largest = Math.max(largest, log.size);
  }
  assert.deepEqual([largest <= 64, text(log.since(0))], [true, ['flapping@10000']]);
});

it('readers never miss a change, whenever the log is compacted', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), name: fc.constantFrom(...'abcdef') }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), reader: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const log = new ChangeLog();
      const everything: { readonly revision: number; readonly name: string }[] = [];
      const places = [0, 0, 0];
      for (const [i, one] of steps.entries()) {
        const revision = i + 1;
        if (one.kind === 'add') {
          log.add(revision, { name: one.name, resource: fakeResource(one.name, `${revision}`), before: undefined });
          everything.push({ revision, name: one.name });
        } else if (one.kind === 'compact') {
          log.compact(Math.min(...places));
        } else {
          const place = places[one.reader] ?? 0;
          const last = new Map<string, number>();
          for (const entry of everything) {
            last.delete(entry.name);
            if (entry.revision > place) last.set(entry.name, entry.revision);
          }
          assert.deepEqual(
            text(log.since(place)),
            [...last].map(([name, version]) => `${name}@${version}`),
          );
          places[one.reader] = revision;
        }
      }
    }),
    { numRuns: 300 },
  );
});
