/** The chart brings the definitions of Istio's kinds that `fairway crds` prints. `UPDATE_GOLDEN=1` writes them. */
import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { parse } from 'yaml';
import { runFairway } from './support/run-fairway.ts';

const isUpdating = process.env.UPDATE_GOLDEN === '1';
const folder = 'deploy/helm/fairway/crds';

const nameOf = (text: string) => (parse(text) as { readonly metadata: { readonly name: string } }).metadata.name;

it('the definitions of the chart are those of `fairway crds`, each in a file of its own', async () => {
  const { stdout } = await runFairway(process.cwd(), ['crds']);
  const texts = stdout.split(/^---\n/m).filter((text) => text !== '');
  const right = Object.fromEntries(texts.map((text) => [`${folder}/${nameOf(text)}.yaml`, text]));
  if (isUpdating) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(right)) writeFileSync(file, text);
  }
  const found = globSync(`${folder}/*`).map((file) => [file, readFileSync(file, 'utf8')]);
  assert.deepEqual(Object.fromEntries(found), right);
});
