import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silent } from './lib/log.ts';
import { type SourceState, SourceStates } from './source-states.ts';

const minute = 60_000;

describe('what is said of sources that are lost', () => {
  function check(
    name: string,
    happen: (at: (ms: number) => void, source: (name: string) => SourceState) => void,
    expected: readonly string[],
  ): void {
    it(name, () => {
      let now = 0;
      const said: string[] = [];
      const states = new SourceStates({ log: { ...silent, error: (line) => said.push(line) }, now: () => now });
      const known = new Map(
        ['consul/dc1', 'kubernetes/k/pods', 'kubernetes/k/nodes'].map((one) => {
          const registry = one.startsWith('consul') ? one : 'kubernetes/k';
          return [one, states.add({ name: one, cluster: 'k', registry, held: undefined })];
        }),
      );
      const at = (ms: number) => {
        now = ms;
        states.noteLost();
      };
      happen(at, (one) => known.get(one) as SourceState);
      assert.deepEqual(said, expected);
    });
  }
  const stale = { state: 'stale', sinceMs: 0, reason: 'away' } as const;
  const lost = 'not seen for 10 minutes; what is known stays in force: away';

  check(
    'is nothing before ten minutes',
    (at, source) => {
      source('consul/dc1').freshness = stale;
      at(10 * minute - 1);
    },
    [],
  );
  check(
    'is one line, once',
    (at, source) => {
      source('consul/dc1').freshness = stale;
      at(10 * minute);
      at(20 * minute);
    },
    [`consul/dc1: ${lost}`],
  );
  check(
    'is one line for all of a registry',
    (at, source) => {
      source('kubernetes/k/pods').freshness = stale;
      source('kubernetes/k/nodes').freshness = stale;
      at(10 * minute);
    },
    [`kubernetes/k/pods, kubernetes/k/nodes: ${lost}`],
  );
  check(
    'is said again of what was back in between',
    (at, source) => {
      source('consul/dc1').freshness = stale;
      at(10 * minute);
      source('consul/dc1').freshness = { state: 'live' };
      at(11 * minute);
      source('consul/dc1').freshness = { ...stale, sinceMs: 12 * minute };
      at(22 * minute);
    },
    [`consul/dc1: ${lost}`, `consul/dc1: ${lost}`],
  );
});
