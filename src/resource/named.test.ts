import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Graph } from '../incremental/graph.ts';
import type { Scope } from '../model/scope.ts';
import { namedContents } from './named.ts';
import type { Resource } from './resource.ts';
import { routeType } from './types.ts';
import { fakeResource } from './view.fake.ts';
import { View } from './view.ts';

function world() {
  const graph = new Graph();
  const versions = graph.table<string>('versions');
  const query = graph.query<{ readonly scope: Scope; readonly name: string }, Resource | undefined>('resource', {
    reads: [versions],
    keyOf: ({ name }) => name,
    compute(read, { name }) {
      const version = read.row(versions, name);
      return version === undefined ? undefined : fakeResource(name, version);
    },
  });
  const view = new View({
    type: routeType,
    number: 1,
    revision: 0,
    open: (touch) => namedContents(graph, query, {} as Scope, touch),
    dirty() {},
    abandoned() {},
  });
  const commit = (rows: Readonly<Record<string, string | undefined>>) => {
    for (const [name, version] of Object.entries(rows)) {
      if (version === undefined) versions.remove(name);
      else versions.put(name, version);
    }
    view.settle(graph.commit(), 0);
  };
  const names = () => [...view.contents.resources()].map(({ name, version }) => `${name}@${version}`);
  return { graph, view, commit, names };
}

it('only names that somebody follows are there', () => {
  const { view, commit, names } = world();
  commit({ a: '1', b: '1' });
  view.follow(new Set(['a', 'absent']));
  assert.deepEqual([names(), view.contents.get('b'), view.contents.get('absent')], [['a@1'], undefined, undefined]);
});

it('changes of followed names are noted, with what was there before', () => {
  const { view, commit } = world();
  view.follow(new Set(['a', 'b']));
  commit({ a: '1', b: '1', c: '1' });
  commit({ a: '2', b: undefined });
  assert.deepEqual(
    view.changesSince(1).map(({ name, before, resource }) => [name, before?.version, resource?.version]),
    [
      ['a', '1', '2'],
      ['b', '1', undefined],
    ],
  );
});

it('a name costs nothing once nobody follows it', () => {
  const { graph, view } = world();
  const [one, other] = [new Set(['a', 'b']), new Set(['b', 'c'])];
  view.follow(one);
  view.follow(other);
  const sizes = [graph.size];
  view.unfollow(one);
  sizes.push(graph.size);
  view.unfollow(other);
  sizes.push(graph.size);
  assert.deepEqual(sizes, [3, 2, 0]);
});

it('a name that is followed again is there as it is then', () => {
  const { view, commit, names } = world();
  const one = new Set(['a']);
  view.follow(one);
  commit({ a: '1' });
  view.unfollow(one);
  commit({ a: '2' });
  view.follow(one);
  assert.deepEqual(names(), ['a@2']);
});
