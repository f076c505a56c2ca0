/** What injection makes of manifests, case by case. `UPDATE_GOLDEN=1` writes what is found. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { injectedText, injectionFolder, injectionGoldens, injectionOutput } from './support/injection.ts';

const isUpdating = process.env.UPDATE_GOLDEN === '1';

describe('injection', () => {
  const all = injectionGoldens();

  for (const golden of all)
    describe(golden.name, () => {
      it('is as it was', () => {
        const file = `${injectionFolder}/${golden.name}/out.yaml`;
        const output = injectionOutput(golden);
        if (isUpdating) writeFileSync(file, output);
        assert.equal(output, existsSync(file) ? readFileSync(file, 'utf8') : '');
      });

      it('changes nothing a second time', () => {
        const [once = ''] = injectedText(golden.text, golden.settings).texts;
        assert.deepEqual(injectedText(once, golden.settings).texts, [once]);
      });
    });

  it('keeps the line ends of Windows, and mixes them with no others', () => {
    for (const { text, settings } of all) {
      const [unix = ''] = injectedText(text, settings).texts;
      assert.deepEqual(injectedText(text.replaceAll('\n', '\r\n'), settings).texts, [unix.replaceAll('\n', '\r\n')]);
    }
  });

  it('says of each case what it shows', () => {
    assert.deepEqual(
      all.filter(({ about }) => about === ''),
      [],
    );
  });

  it('has nothing but cases in its folder', () => {
    const strays = all.flatMap(({ name }) =>
      readdirSync(`${injectionFolder}/${name}`).filter((file) => file !== 'in.yaml' && file !== 'out.yaml'),
    );
    assert.deepEqual(strays, []);
  });
});
