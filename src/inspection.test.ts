import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inspect } from './inspection.ts';

it('tells more problems than a call has arguments for', () => {
  const broken = 150_000;
  const text = `apiVersion: v1\nkind: List\nitems: [${'5,'.repeat(broken)}]\n`;
  const { problems } = inspect({ depth: 'mesh', inputs: [{ file: 'list.yaml', text }] });
  assert.equal(problems.filter(({ code }) => code === 'FW0008').length, broken);
});
