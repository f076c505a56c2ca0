import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type PriorityHealth, priorityLoads } from './priority.ts';

/** `3/4` hosts are healthy, of `1+2/4` one is healthy and two are degraded. */
function parse(text: string): PriorityHealth {
  const [, healthy = '', degraded = '0', hosts = ''] = /^(\d+)(?:\+(\d+))?\/(\d+)$/.exec(text) ?? [];
  return { hosts: Number(hosts), healthy: Number(healthy), degraded: Number(degraded) };
}

/** The loads by priority: `70` to healthy hosts, `20+10` with degraded ones, `!` where all hosts are taken alike. */
function check(
  name: string,
  cases: readonly (readonly [priorities: readonly string[], panicPercent: number, loads: readonly string[]])[],
): void {
  it(name, () => {
    const found = cases.map(([priorities, panicPercent]) => [
      priorities,
      panicPercent,
      priorityLoads(priorities.map(parse), { overprovisioningPercent: 140, panicPercent }).map(
        ({ healthy, degraded, isPanicking }) =>
          `${healthy}${degraded === 0 ? '' : `+${degraded}`}${isPanicking ? '!' : ''}`,
      ),
    ]);
    assert.deepEqual(found, cases);
  });
}

describe('the load of a priority', () => {
  check('is all of it while enough of its hosts are healthy', [
    [['4/4', '4/4'], 50, ['100', '0']],
    [['72/100', '100/100'], 50, ['100', '0']],
    [['4/4'], 50, ['100']],
    [[], 50, []],
  ]);
  // The rows of the tables of Envoy's documentation of priority levels.
  check('flows over to the next ones by the part that is missing', [
    [['71/100', '100/100'], 50, ['99', '1']],
    [['50/100', '100/100'], 50, ['70', '30']],
    [['25/100', '100/100'], 50, ['35', '65']],
    [['0/100', '100/100'], 50, ['0', '100']],
    [['25/100', '25/100'], 0, ['50', '50']],
    [['20/100', '20/100', '10/100'], 0, ['40', '40', '20']],
  ]);
  check('goes to degraded hosts once healthy ones do not suffice', [
    [['0+1/1'], 50, ['0+100']],
    [['1+1/2'], 50, ['70+30']],
    [['1+3/4', '0/4'], 50, ['35+65', '0']],
    [['1+3/4', '4/4'], 50, ['35', '65']],
  ]);
  check('goes to all hosts of a priority in panic, unless others can take everything', [
    [['0/4'], 50, ['100!']],
    [['1/4'], 50, ['100!']],
    [['0/4', '4/4'], 50, ['0', '100']],
    [['0/4', '1/4'], 50, ['50!', '50!']],
    [['1/6', '0/3'], 50, ['67!', '33!']],
    [['1/4', '2/10'], 25, ['56', '44!']],
    [['0/0', '0/2'], 50, ['0!', '100!']],
  ]);
  check('stays at the first when nobody can take anything and nobody panics', [
    [['0/4', '0/4'], 0, ['100', '0']],
    [['0/0'], 0, ['100']],
  ]);
});

it('the loads of priorities are everything together, as soon as there is any host', () => {
  const health = fc
    .record({ hosts: fc.nat(9), healthy: fc.nat(9), degraded: fc.nat(9) })
    .map(({ hosts, healthy, degraded }) => {
      const some = Math.min(hosts, healthy);
      return { hosts, healthy: some, degraded: Math.min(hosts - some, degraded) };
    });
  fc.assert(
    fc.property(fc.array(health, { maxLength: 4 }), fc.constantFrom(25, 50, 100), (priorities, panicPercent) => {
      const loads = priorityLoads(priorities, { overprovisioningPercent: 140, panicPercent });
      const total = loads.reduce((sum, { healthy, degraded }) => sum + healthy + degraded, 0);
      assert.equal(total, priorities.some(({ hosts }) => hosts > 0) ? 100 : 0);
    }),
    { numRuns: 1000 },
  );
});
