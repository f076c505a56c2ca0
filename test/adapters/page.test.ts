/** docs/writing-a-registry.md shows the files that it names as they are, and the behaviours that are checked. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { behaviours } from '../../src/registry/conformance/conformance.ts';

const page = readFileSync('docs/writing-a-registry.md', 'utf8');

it('the page about registries shows files as they are', () => {
  const shown = [...page.matchAll(/^\[`([^`]+)`\]\(\.\.\/\1\):\n\n```ts\n([\s\S]*?)^```$/gm)];
  assert.equal(shown.length, 2);
  for (const [, file = '', text] of shown) assert.equal(text, readFileSync(file, 'utf8'), file);
});

it('the adapter on the page is short', () => {
  const lines = readFileSync('examples/registries/http-json/http-json.ts', 'utf8').split('\n').length;
  assert.ok(lines < 150, `${lines} lines`);
});

it('the page about registries names every behaviour', () => {
  const rows = [...page.matchAll(/^\| \d+ \| (.*) \|$/gm)].map(([, name]) => name);
  assert.deepEqual(
    rows,
    behaviours.map(({ name }) => name),
  );
});
