import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withoutUndefined } from './without-undefined.ts';

it('fields that are undefined are left out, and no others', () => {
  assert.deepEqual(withoutUndefined({ a: 1, b: undefined, c: '', d: 0, e: false, f: null }), {
    a: 1,
    c: '',
    d: 0,
    e: false,
    f: null,
  });
});
