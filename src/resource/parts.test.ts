import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Graph } from '../incremental/graph.ts';
import type { Scope } from '../model/scope.ts';
import type { Part } from './part.ts';
import { PartStore } from './parts.ts';
import type { Resource } from './resource.ts';
import { clusterType } from './types.ts';
import { fakeResource } from './view.fake.ts';
import { View } from './view.ts';

type Versions = Readonly<Record<string, string>>;

/** Scopes by name, each made of parts by name, each of them resources by name with their versions. */
function world() {
  const graph = new Graph();
  const contents = graph.table<Versions>('contents');
  const membership = graph.table<readonly string[]>('membership');
  const resources = graph.query('resources', {
    reads: [contents],
    compute: (read, key: string): readonly Resource[] =>
      Object.entries(read.row(contents, key) ?? {}).map(([name, version]) => fakeResource(name, version)),
  });
  const parts = graph.query<Scope, readonly Part[]>('parts', {
    reads: [membership],
    keyOf: ({ key }) => key,
    compute: (read, { key: scope }) =>
      (read.row(membership, scope) ?? []).map((id) => ({
        id,
        query: resources as Part['query'],
        key: id,
      })),
  });
  const store = new PartStore(graph);
  const open = (name: string, hidden: readonly string[] = []) =>
    new View({
      type: clusterType,
      number: 1,
      revision: graph.revision,
      open: (touch) => store.open(parts, { key: name } as Scope, touch, new Set(hidden)),
      dirty() {},
      abandoned() {},
    });
  return { graph, contents, membership, open };
}

const held = ({ contents }: View) =>
  Object.fromEntries([...contents.resources()].map(({ name, version }) => [name, version]));

/** What one commit changes for a reader, as `name: before to after`. */
function check(
  name: string,
  before: { readonly parts: readonly string[]; readonly contents: Readonly<Record<string, Versions>> },
  after: { readonly parts?: readonly string[]; readonly contents?: Readonly<Record<string, Versions>> },
  expected: readonly string[],
): void {
  it(name, () => {
    const { graph, contents, membership, open } = world();
    for (const [id, versions] of Object.entries(before.contents)) contents.put(id, versions);
    membership.put('shop', before.parts);
    graph.commit();
    const view = open('shop', ['hidden']);
    for (const [id, versions] of Object.entries(after.contents ?? {})) contents.put(id, versions);
    if (after.parts !== undefined) membership.put('shop', after.parts);
    graph.commit();
    view.settle(2, 0);
    const changes = view
      .changesSince(1)
      .map((change) => `${change.name}: ${change.before?.version ?? 'none'} to ${change.resource?.version ?? 'none'}`);
    assert.deepEqual(changes.sort(), expected);
    view.contents.close();
    assert.equal(graph.size, 0);
  });
}

describe('a change within a part', () => {
  const low = { a: '1', b: '1' };
  check('is one of the whole', { parts: ['low'], contents: { low } }, { contents: { low: { a: '2', c: '1' } } }, [
    'a: 1 to 2',
    'b: 1 to none',
    'c: none to 1',
  ]);
  check(
    'is none where a later part lies over it',
    { parts: ['low', 'high'], contents: { low, high: { a: '9' } } },
    { contents: { low: { a: '2', b: '1' } } },
    [],
  );
  check(
    'is none when a later part covers what is new in it',
    { parts: ['low', 'high'], contents: { low, high: { c: '9' } } },
    { contents: { low: { a: '1', b: '1', c: '1' } } },
    [],
  );
  check(
    'that uncovers an earlier part shows what is there',
    { parts: ['low', 'high'], contents: { low, high: { a: '9' } } },
    { contents: { high: {} } },
    ['a: 9 to 1'],
  );
  check(
    'is seen even if a covered resource had the new content before',
    { parts: ['low', 'high'], contents: { low, high: { a: '9' } } },
    { contents: { low: { b: '1' }, high: { a: '1' } } },
    ['a: 9 to 1'],
  );
  check(
    'of a hidden name is none',
    { parts: ['low'], contents: { low: { hidden: '1' } } },
    { contents: { low: { hidden: '2' } } },
    [],
  );
});

describe('a part that', () => {
  const contents = { low: { a: '1' }, high: { a: '9', b: '1' }, other: { c: '1' } };
  check('joins brings its resources', { parts: ['low'], contents }, { parts: ['low', 'high'] }, [
    'a: 1 to 9',
    'b: none to 1',
  ]);
  check('leaves takes its resources', { parts: ['low', 'high'], contents }, { parts: ['low'] }, [
    'a: 9 to 1',
    'b: 1 to none',
  ]);
  check(
    'takes the place of an equal one changes nothing',
    { parts: ['low'], contents: { low: { a: '1' }, high: { a: '1' } } },
    { parts: ['high'] },
    [],
  );
  check(
    'joins and changes in one commit is seen as it is then',
    { parts: ['low'], contents },
    { parts: ['low', 'other'], contents: { other: { c: '2', d: '1' } } },
    ['c: none to 2', 'd: none to 1'],
  );
  check(
    'leaves and changes in one commit is gone',
    { parts: ['low', 'other'], contents },
    { parts: ['low'], contents: { other: { d: '1' } } },
    ['c: 1 to none'],
  );
});

it('scopes share the parts that both have', () => {
  const { graph, contents, membership, open } = world();
  contents.put('low', { a: '1' });
  membership.put('shop', ['low']);
  membership.put('bank', ['low']);
  graph.commit();
  const views = [open('shop'), open('bank')];
  const cells = graph.size;
  for (const { contents } of views) contents.close();
  assert.deepEqual([cells, graph.size], [3, 0]);
});

it('after any history the changes since the start lead from what was there to what is there', () => {
  const versions = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3'));
  const ids = fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), { maxLength: 3 });
  const put = fc.record({ kind: fc.constant('put' as const), id: fc.constantFrom('p', 'q', 'r'), versions });
  const choose = fc.record({ kind: fc.constant('choose' as const), ids });
  const commit = fc.record({ kind: fc.constant('commit' as const) });
  fc.assert(
    fc.property(fc.array(fc.oneof(put, choose, commit), { maxLength: 40 }), (history) => {
      const { graph, contents, membership, open } = world();
      const view = open('shop');
      const copy: Record<string, string> = {};
      let taken = 0;
      const settle = () => {
        view.settle(graph.commit(), 0);
        for (const { name, resource } of view.changesSince(taken)) {
          delete copy[name];
          if (resource !== undefined) copy[name] = resource.version;
        }
        taken = view.revision;
        assert.deepEqual(copy, held(view));
      };
      for (const step of history) {
        if (step.kind === 'put') contents.put(step.id, step.versions);
        else if (step.kind === 'choose') membership.put('shop', step.ids.toSorted());
        else settle();
      }
      settle();
    }),
    { numRuns: 300 },
  );
});
