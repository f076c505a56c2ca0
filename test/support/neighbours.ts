/** Rules for specs, each shown by two specs that differ in it alone. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Kind } from '../../src/config/kinds.ts';
import { problemsOf } from './decode-spec.ts';

/**
 * A `check(rule, accepted, found, ...problems)` for specs of a kind: of the spec `accepted` there is nothing to say, of
 * `found` exactly those problems, one line each. Both are given as the part of a spec that `wrap` makes a whole of.
 */
export function neighbours(kind: Kind, wrap: (part: string) => string) {
  return (rule: string, accepted: string, found: string, ...problems: readonly string[]): void => {
    it(rule, () => {
      assert.deepEqual(problemsIn(kind, wrap(accepted)), []);
      assert.deepEqual(problemsIn(kind, wrap(found)), problems);
    });
  };
}

/** That a kind is not executed yet is no matter of its rules. */
function problemsIn(kind: Kind, spec: string): readonly string[] {
  return problemsOf(kind, spec).filter((problem) => !problem.endsWith('is checked but not executed by this version'));
}
