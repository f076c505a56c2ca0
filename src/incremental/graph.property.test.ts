import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Graph } from './graph.ts';

/** Numbers in groups; a sum per group; a weighted total over a dynamic choice of groups. */
function build() {
  const graph = new Graph();
  const numbers = graph.table<{ readonly group: string; readonly value: number }>('numbers');
  const chosen = graph.table<readonly string[]>('chosen');
  const byGroup = numbers.index('group', ({ group }) => [group, group.toUpperCase()]);
  const sum = graph.query('sum', {
    reads: [numbers, byGroup],
    compute: (read, group: string) =>
      read.keys(byGroup, group).reduce((total, key) => total + (read.row(numbers, key)?.value ?? 0), 0),
  });
  const isPositive = graph.query('isPositive', {
    reads: [sum],
    compute: (read, group: string) => read.cell(sum, group) > 0,
  });
  const total = graph.query('total', {
    reads: [chosen, sum, isPositive, byGroup],
    compute: (read, key: string) =>
      (read.row(chosen, key) ?? read.groups(byGroup)).map((group) =>
        read.cell(isPositive, group) ? `${group}=${read.cell(sum, group)}` : group,
      ),
  });
  return { graph, numbers, chosen, total };
}

const group = fc.constantFrom('a', 'b', 'c', 'd');
const change = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    key: fc.constantFrom('1', '2', '3', '4', '5'),
    group,
    value: fc.integer({ min: -3, max: 3 }),
  }),
  fc.record({ kind: fc.constant('remove' as const), key: fc.constantFrom('1', '2', '3', '4', '5') }),
  fc.record({
    kind: fc.constant('choose' as const),
    key: fc.constantFrom('x', 'y'),
    groups: fc.array(group, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('watch' as const), key: fc.constantFrom('x', 'y', 'z') }),
  fc.record({ kind: fc.constant('close' as const) }),
  fc.record({ kind: fc.constant('commit' as const) }),
);

it('after any history a watched value equals the one computed from scratch', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (history) => {
      const live = build();
      const watches: { readonly key: string; readonly watch: { readonly value: unknown; close(): void } }[] = [];
      const rows = new Map<string, { group: string; value: number }>();
      const choices = new Map<string, readonly string[]>();
      for (const step of history) {
        if (step.kind === 'put') {
          rows.set(step.key, { group: step.group, value: step.value });
          live.numbers.put(step.key, { group: step.group, value: step.value });
        } else if (step.kind === 'remove') {
          rows.delete(step.key);
          live.numbers.remove(step.key);
        } else if (step.kind === 'choose') {
          choices.set(step.key, step.groups);
          live.chosen.put(step.key, step.groups);
        } else if (step.kind === 'watch') {
          watches.push({ key: step.key, watch: live.graph.watch(live.total, step.key, () => {}) });
        } else if (step.kind === 'close') {
          watches.shift()?.watch.close();
        } else {
          live.graph.commit();
        }
      }
      live.graph.commit();
      const fresh = build();
      for (const [key, row] of rows) fresh.numbers.put(key, row);
      for (const [key, groups] of choices) fresh.chosen.put(key, groups);
      fresh.graph.commit();
      for (const { key, watch } of watches) assert.deepEqual(watch.value, fresh.graph.read(fresh.total, key));
      for (const { watch } of watches) watch.close();
      assert.equal(live.graph.size, 0);
    }),
    { numRuns: 300 },
  );
});
