import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isTrue } from './is-true.ts';

it('takes for yes what Istio takes for it', () => {
  const values = [
    true,
    'true',
    'True',
    'TRUE',
    't',
    '1',
    false,
    'false',
    'yes',
    'tRUE',
    ' true',
    '',
    1,
    null,
    undefined,
  ];
  assert.deepEqual(values.filter(isTrue), [true, 'true', 'True', 'TRUE', 't', '1']);
});
