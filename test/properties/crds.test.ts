/** `fairway validate` and the schema of an API server are of one mind about the form of any spec, right or wrong. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Kind, kinds } from '../../src/config/kinds.ts';
import { anyOf } from '../support/any-of-schema.ts';
import { formProblems } from '../support/form-problems.ts';
import { refusals } from '../support/structural-schema.ts';

const runs = 300;

describe('the form of any spec is right or wrong for both:', () => {
  for (const kind of Object.keys(kinds) as Kind[])
    it(kind, () => {
      const { json } = kinds[kind].schema;
      let right = 0;
      fc.assert(
        fc.property(anyOf(json), (spec) => {
          const stated = formProblems(kind, spec);
          const refused = refusals(json, spec, ['spec']);
          if (stated.length === 0) right += 1;
          assert.equal(stated.length === 0, refused.length === 0, [...stated, ...refused].join('\n'));
        }),
        { seed: 1, numRuns: runs },
      );
      assert.ok(right > runs / 5 && right < runs, `${right} of ${runs} are right`);
    });
});
