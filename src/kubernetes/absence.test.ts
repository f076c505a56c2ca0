import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Doubt, judgeAbsence } from './absence.ts';

describe('what a whole list leaves out', () => {
  function check(
    name: string,
    {
      known,
      absent,
      doubt,
    }: { readonly known: number; readonly absent: string; readonly doubt?: readonly [string, number] },
    expected: { readonly gone: string; readonly doubt?: readonly [string, number] },
  ): void {
    it(name, () => {
      const of = (one: readonly [string, number] | undefined): Doubt | undefined =>
        one && { keys: new Set(one[0]), untilMs: one[1] };
      const judged = judgeAbsence({ known, absent: [...absent], nowMs: 10, lookAgainMs: 5 }, of(doubt));
      assert.deepEqual(judged, { gone: [...expected.gone], doubt: of(expected.doubt) });
    });
  }
  check('is gone when it is half of all', { known: 4, absent: 'ab' }, { gone: 'ab' });
  check('is gone when few are known', { known: 2, absent: 'ab' }, { gone: 'ab' });
  check('is doubted when it is most of all', { known: 3, absent: 'ab' }, { gone: '', doubt: ['ab', 15] });
  check('is gone when a later list agrees', { known: 3, absent: 'ab', doubt: ['ab', 10] }, { gone: 'ab' });
  check(
    'is doubted still when a list agrees too soon',
    { known: 3, absent: 'abc', doubt: ['ab', 11] },
    { gone: '', doubt: ['abc', 11] },
  );
  check('is believed in what both leave out', { known: 6, absent: 'abcd', doubt: ['abef', 10] }, { gone: 'abcd' });
  check(
    'is doubted anew when the lists have little in common',
    { known: 6, absent: 'abcd', doubt: ['aef', 10] },
    { gone: 'a', doubt: ['bcd', 15] },
  );
  check(
    'is doubted no longer when a list has nearly all again',
    { known: 6, absent: 'a', doubt: ['abcd', 11] },
    { gone: 'a' },
  );
});
