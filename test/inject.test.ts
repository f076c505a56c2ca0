/** What injection makes of manifests, case by case. `UPDATE_GOLDEN=1` writes what is found. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { formatProblem } from '../src/model/problem.ts';
import {
  injectedText,
  injectionFolder,
  injectionGoldens,
  injectionOutput,
  usualSettings,
} from './support/injection.ts';

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

  it('shows what a name begins with where the API server makes it, and calls the workload so', () => {
    const text = `apiVersion: batch/v1
kind: Job
metadata: { generateName: import- }
spec: { template: { metadata: { annotations: { sidecar.istio.io/userVolume: "" } }, spec: { containers: [{ name: web, image: web }] } } }
`;
    const { texts, problems } = injectedText(text, usualSettings);
    assert.deepEqual(
      problems.map(({ object }) => object?.name),
      ['import-…'],
    );
    assert.match(texts.join(''), /name: ISTIO_META_WORKLOAD_NAME\s+value: import$/m);
    assert.match(texts.join(''), /service.istio.io\/canonical-name: import$/m);
  });

  it('tells of kinds of others that make pods, and passes them on', () => {
    const text =
      'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: web }\nspec: { template: { spec: { containers: [] } } }\n';
    const { texts, problems } = injectedText(text, usualSettings);
    assert.deepEqual(
      { texts, said: problems.map(formatProblem) },
      {
        texts: [text],
        said: [
          'in.yaml:1: Rollout web: expected a kind of Kubernetes itself, found Rollout of argoproj.io/v1alpha1, whose pods get sidecars from the webhook [FW3201]',
        ],
      },
    );
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
