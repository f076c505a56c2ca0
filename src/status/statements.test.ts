import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Problem } from '../model/problem.ts';
import type { Effect } from './effect.ts';
import { type Judged, statementsOf } from './statements.ts';

const object = { kind: 'VirtualService', uid: 'one', generation: 2 } as const;
const effect: Effect = { origin: { uid: 'one', generation: 2 }, extent: 'all', lines: [] };
const warning: Problem = { code: 'FW0003', severity: 'warning', path: 'spec.x', message: 'expected a, found b' };
const error: Problem = { code: 'FW0106', severity: 'error', path: '', message: 'expected c, found d' };

describe('what is said of an object', () => {
  /** Each line `Accepted=True Accepted: nothing …`; undefined when nothing is said. */
  function check(name: string, judged: Partial<Judged>, expected: readonly string[] | undefined): void {
    it(name, () => {
      const found = statementsOf({ object, problems: [], effect, ...judged });
      const lines = found?.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
      assert.deepEqual(lines, expected);
    });
  }
  const fine = 'Accepted=True Accepted: nothing is wrong with it by itself';
  check('is that it is in force', {}, [fine, 'Effective=True InForce: in force']);
  check('has warnings', { problems: [warning] }, [
    'Accepted=True Accepted: spec.x: expected a, found b [FW0003]',
    'Effective=True InForce: in force',
  ]);
  check('is the code of its first error', { problems: [warning, error], effect: undefined }, [
    'Accepted=False FW0106: spec.x: expected a, found b [FW0003]\nexpected c, found d [FW0106]',
    'Effective=Unknown NotAccepted: not accepted: nothing of it is in force',
  ]);
  check(
    'is which version stays in force',
    { problems: [error], effect: { ...effect, origin: { uid: 'one', generation: 1 } } },
    [
      'Accepted=False FW0106: expected c, found d [FW0106]',
      'Effective=Unknown NotAccepted: not accepted: generation 1 of it stays in force',
    ],
  );
  check(
    'does not take an earlier object of the name for it',
    { problems: [error], effect: { ...effect, origin: { uid: 'two', generation: 2 } } },
    [
      'Accepted=False FW0106: expected c, found d [FW0106]',
      'Effective=Unknown NotAccepted: not accepted: nothing of it is in force',
    ],
  );
  for (const [extent, reason] of [
    ['part', 'PartlyShadowed'],
    ['shadowed', 'Shadowed'],
    ['unused', 'Unused'],
  ] as const)
    check(`is who has what of it: ${extent}`, { effect: { ...effect, extent, lines: ['a', 'b'] } }, [
      fine,
      `Effective=False ${reason}: a\nb`,
    ]);
  check('has an end', { effect: { ...effect, lines: Array.from({ length: 12 }, (_, i) => `line ${i}`) } }, [
    fine,
    `Effective=True InForce: ${Array.from({ length: 10 }, (_, i) => `line ${i}`).join('\n')}\nand 2 more`,
  ]);
  check('is that a file lies over it', { effect: { ...effect, origin: { file: 'a.yaml' } } }, [
    'Accepted=Unknown Overlaid: the object of this name in a.yaml takes its place',
    'Effective=False Overlaid: the object of this name in a.yaml takes its place',
  ]);
  check('is that a file with errors lies over it', { problems: [{ ...error, file: 'a.yaml' }], effect: undefined }, [
    'Accepted=Unknown Overlaid: the object of this name in a.yaml takes its place',
    'Effective=False Overlaid: the object of this name in a.yaml takes its place',
  ]);
  check('is nothing before it is in force', { effect: undefined }, undefined);
  check(
    'is nothing before its generation is',
    { effect: { ...effect, origin: { uid: 'one', generation: 1 } } },
    undefined,
  );
  check(
    'is nothing before the very object is',
    { effect: { ...effect, origin: { uid: 'two', generation: 2 } } },
    undefined,
  );

  const policy = { ...object, kind: 'PeerAuthentication' } as const;
  const pending: Problem = { ...warning, code: 'FW0009', path: '', message: 'not executed' };
  check('is that its kind is not executed', { object: policy, problems: [pending], effect: undefined }, [
    'Accepted=True Accepted: not executed [FW0009]',
    'Effective=False NotExecuted: this version does not execute a PeerAuthentication',
  ]);
  check('is nothing where its namespace is not looked at', { object: policy, effect: undefined }, undefined);
});
