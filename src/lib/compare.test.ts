import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compareTexts } from './compare.ts';

it('texts are in the order of their code units', () => {
  assert.deepEqual(['b', 'a10', 'a9', 'B', 'ä', '', 'a'].sort(compareTexts), ['', 'B', 'a', 'a10', 'a9', 'b', 'ä']);
  assert.equal(compareTexts('a', 'a'), 0);
});
