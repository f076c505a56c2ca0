import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CellFailure } from './cell.ts';
import { rowsBehind } from './explain.ts';
import { Graph } from './graph.ts';

/** People by name; the town of each; how many live in a town; whether a town is large. */
function population() {
  const computed: string[] = [];
  const failures: string[] = [];
  const graph = new Graph({
    onCompute: (query, key) => computed.push(`${query}(${key})`),
    onFailure: (query, key) => failures.push(`${query}(${key})`),
  });
  const people = graph.table<{ readonly town: string; readonly age: number }>('people');
  const byTown = people.index('town', ({ town }) => [town]);
  const count = graph.query('count', {
    reads: [byTown],
    compute: (read, town: string) => read.keys(byTown, town).length,
  });
  const isLarge = graph.query('isLarge', {
    reads: [count],
    compute: (read, town: string) => read.cell(count, town) > 2,
  });
  const ages = graph.query('ages', {
    reads: [byTown, people],
    compute: (read, town: string) =>
      read.keys(byTown, town).map((name) => {
        const age = read.row(people, name)?.age ?? 0;
        if (age < 0) throw new Error('nobody has a negative age');
        return age;
      }),
  });
  const report = graph.query('report', {
    reads: [isLarge, ages],
    compute: (read, { town, title }: { town: string; title: string }) =>
      `${title} ${read.cell(isLarge, town) ? 'large' : 'small'} ${read.cellUnlessFailed(ages, town)?.join() ?? 'unknown'}`,
    keyOf: ({ town, title }) => `${title}/${town}`,
  });
  const put = (name: string, town: string, age = 30) => people.put(name, { town, age });
  const takeComputed = () => computed.splice(0);
  return { graph, people, byTown, count, isLarge, ages, report, put, takeComputed, failures };
}

describe('a graph', () => {
  it('shows staged rows only after a commit', () => {
    const { graph, count, put } = population();
    put('ann', 'ulm');
    assert.equal(graph.read(count, 'ulm'), 0);
    graph.commit();
    assert.equal(graph.read(count, 'ulm'), 1);
  });

  it('recomputes only what read something that changed', () => {
    const { graph, count, put, takeComputed } = population();
    graph.watch(count, 'ulm', () => {});
    graph.watch(count, 'bonn', () => {});
    takeComputed();
    put('ann', 'ulm');
    graph.commit();
    assert.deepEqual(takeComputed(), ['count(ulm)']);
  });

  it('leaves readers alone when a result is equal to the last one', () => {
    const { graph, isLarge, put, takeComputed } = population();
    const seen: boolean[] = [];
    graph.watch(isLarge, 'ulm', (value) => seen.push(value));
    for (const name of ['ann', 'bob']) {
      put(name, 'ulm');
      graph.commit();
    }
    assert.deepEqual(seen, []);
    put('cid', 'ulm');
    graph.commit();
    assert.deepEqual(seen, [true]);
    takeComputed();
    put('dan', 'ulm');
    graph.commit();
    assert.deepEqual(takeComputed(), ['count(ulm)', 'isLarge(ulm)']);
    assert.deepEqual(seen, [true]);
  });

  it('ignores a row that equals the one it replaces', () => {
    const { graph, ages, put } = population();
    put('ann', 'ulm');
    const first = graph.commit();
    const seen: unknown[] = [];
    graph.watch(ages, 'ulm', (value) => seen.push(value));
    put('ann', 'ulm');
    assert.equal(graph.commit(), first + 1);
    assert.deepEqual(seen, []);
  });

  it('runs each cell at most once per commit, after all that it reads', () => {
    const { graph, report, put, takeComputed } = population();
    const key = { town: 'ulm', title: 'T' };
    const watch = graph.watch(report, key, () => {});
    takeComputed();
    for (const name of ['ann', 'bob', 'cid']) put(name, 'ulm', 40);
    graph.commit();
    assert.deepEqual(takeComputed().sort(), ['ages(ulm)', 'count(ulm)', 'isLarge(ulm)', 'report(T/ulm)']);
    assert.equal(watch.value, 'T large 40,40,40');
  });

  it('tells watches once all cells are settled', () => {
    const { graph, count, ages, put } = population();
    const seen: unknown[] = [];
    const other = graph.watch(ages, 'ulm', () => {});
    graph.watch(count, 'ulm', (value) => seen.push([value, other.value]));
    put('ann', 'ulm', 7);
    graph.commit();
    assert.deepEqual(seen, [[1, [7]]]);
  });

  it('drops a cell and what only it read when its last watch closes', () => {
    const { graph, report, count } = population();
    const watch = graph.watch(report, { town: 'ulm', title: 'T' }, () => {});
    const kept = graph.watch(count, 'ulm', () => {});
    assert.equal(graph.size, 4);
    watch.close();
    assert.equal(graph.size, 1);
    kept.close();
    assert.equal(graph.size, 0);
  });

  it('moves a row between the groups of an index and lists the groups that have members', () => {
    const { graph, people, byTown, put } = population();
    const towns = graph.query('towns', { reads: [byTown], compute: (read) => read.groups(byTown) });
    const seen: unknown[] = [];
    graph.watch(towns, '', (value) => seen.push(value));
    put('ann', 'ulm');
    put('bob', 'bonn');
    graph.commit();
    put('ann', 'bonn');
    graph.commit();
    people.remove('bob');
    graph.commit();
    people.remove('ann');
    graph.commit();
    assert.deepEqual(seen, [['bonn', 'ulm'], ['bonn'], []]);
  });

  it('keeps the last good value of a query that throws, and reports it once', () => {
    const { graph, ages, put, failures } = population();
    put('ann', 'ulm', 5);
    graph.commit();
    const watch = graph.watch(ages, 'ulm', () => {});
    put('bob', 'ulm', -1);
    graph.commit();
    put('cid', 'ulm', 6);
    graph.commit();
    assert.deepEqual(watch.value, [5]);
    assert.deepEqual(failures, ['ages(ulm)']);
    put('bob', 'ulm', 9);
    graph.commit();
    assert.deepEqual(watch.value, [5, 9, 6]);
  });

  it('lets a reader go on without a query that has never had a value', () => {
    const { graph, report, ages, put } = population();
    put('ann', 'ulm', -1);
    graph.commit();
    assert.equal(graph.read(report, { town: 'ulm', title: 'T' }), 'T small unknown');
    assert.throws(() => graph.read(ages, 'ulm'), CellFailure);
    const watch = graph.watch(report, { town: 'ulm', title: 'T' }, () => {});
    put('ann', 'ulm', 4);
    graph.commit();
    assert.equal(watch.value, 'T small 4');
  });

  it('refuses to read a query that was not declared as read', () => {
    const { graph, count } = population();
    const sneaky = graph.query('sneaky', { reads: [], compute: (read, town: string) => read.cell(count, town) });
    assert.throws(() => graph.read(sneaky, 'ulm'), /sneaky\(ulm\) has failed/);
  });

  it('names the rows behind a value', () => {
    const { graph, report, put } = population();
    put('ann', 'ulm');
    put('bob', 'bonn');
    graph.commit();
    const key = { town: 'ulm', title: 'T' };
    graph.watch(report, key, () => {});
    assert.deepEqual(rowsBehind(report, key), [{ table: 'people', key: 'ann' }]);
  });

  it('keeps the last good version of a row that an index cannot take, and goes on with the others', () => {
    const failures: string[] = [];
    const graph = new Graph({ onFailure: (table, key) => failures.push(`${table}(${key})`) });
    const people = graph.table<{ readonly towns: readonly string[] | undefined }>('people');
    const byTown = people.index('town', ({ towns }) => (towns as readonly string[]).map((town) => town));
    const inUlm = graph.query('inUlm', { reads: [byTown], compute: (read) => read.keys(byTown, 'ulm') });
    people.put('ann', { towns: ['ulm', 'ulm'] });
    graph.commit();
    people.put('ann', { towns: undefined });
    people.put('bob', { towns: ['ulm'] });
    graph.commit();
    assert.deepEqual(graph.read(inUlm, ''), ['ann', 'bob']);
    assert.deepEqual(failures, ['people(ann)']);
    people.remove('ann');
    graph.commit();
    assert.deepEqual(graph.read(inUlm, ''), ['bob']);
  });

  it('tells the other watches when one throws, and reports it', () => {
    const { graph, count, put, failures } = population();
    const seen: number[] = [];
    graph.watch(count, 'ulm', () => {
      throw new Error('a watcher fails');
    });
    graph.watch(count, 'ulm', (value) => seen.push(value));
    put('ann', 'ulm');
    graph.commit();
    assert.deepEqual(seen, [1]);
    assert.deepEqual(failures, ['count(ulm)']);
  });

  it('does not call a watch that another one has closed, nor one that was opened meanwhile', () => {
    const { graph, count, put } = population();
    const seen: string[] = [];
    graph.watch(count, 'ulm', () => {
      second.close();
      graph.watch(count, 'ulm', () => seen.push('third'));
    });
    const second = graph.watch(count, 'ulm', () => seen.push('second'));
    put('ann', 'ulm');
    graph.commit();
    assert.deepEqual(seen, []);
  });

  it('takes a comparison of results that throws for a failure of the query', () => {
    const failures: string[] = [];
    const graph = new Graph({ onFailure: (query, key) => failures.push(`${query}(${key})`) });
    const numbers = graph.table<number>('numbers');
    const number = graph.query('number', {
      reads: [numbers],
      compute: (read, key: string) => read.row(numbers, key) ?? 0,
      equal: (_before, after) => {
        if (after === 13) throw new Error('nobody compares 13');
        return false;
      },
    });
    const watch = graph.watch(number, 'a', () => {});
    for (const next of [1, 13]) {
      numbers.put('a', next);
      graph.commit();
    }
    assert.equal(watch.value, 1);
    assert.deepEqual(failures, ['number(a)']);
    numbers.put('a', 2);
    graph.commit();
    assert.equal(watch.value, 2);
  });
});
