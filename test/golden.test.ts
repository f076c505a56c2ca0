/** What proxies are given, rule by rule. `UPDATE_GOLDEN=1` writes what is found and removes what no in.yaml asks for. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folders, goldenFolder, goldens } from './support/golden.ts';
import { outputOf } from './support/golden-output.ts';

const isUpdating = process.env.UPDATE_GOLDEN === '1';
const all = goldens();

/** Files and folders under test/golden that belong to no golden. */
function orphans(): readonly string[] {
  const known = new Set(all.map(({ name }) => name));
  return folders(goldenFolder).flatMap((resource) =>
    folders(join(goldenFolder, resource)).flatMap((name) => {
      const path = `${resource}/${name}`;
      if (!known.has(path)) return [path];
      return readdirSync(join(goldenFolder, path))
        .filter((file) => file !== 'in.yaml' && file !== 'out.yaml')
        .map((file) => `${path}/${file}`);
    }),
  );
}

describe('goldens', () => {
  for (const golden of all)
    it(golden.name, () => {
      const file = join(golden.folder, 'out.yaml');
      const output = outputOf(golden);
      if (isUpdating) writeFileSync(file, output);
      assert.equal(output, existsSync(file) ? readFileSync(file, 'utf8') : '');
    });

  it('say what their rule is and what they show', () => {
    const silent = all.filter(({ about, shows }) => about === '' || shows.length === 0).map(({ name }) => name);
    assert.deepEqual(silent, []);
  });

  it('are all there is in their folder', () => {
    if (isUpdating) for (const path of orphans()) rmSync(join(goldenFolder, path), { recursive: true });
    assert.deepEqual(orphans(), []);
  });
});
