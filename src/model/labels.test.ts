import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Labels, pick, selects } from './labels.ts';

function check(name: string, selector: Labels, labels: Labels, expected: boolean): void {
  it(name, () => assert.equal(selects(selector, labels), expected));
}

describe('a selector', () => {
  check(
    'means workloads that have all of its labels',
    { app: 'a', version: 'v1' },
    { app: 'a', version: 'v1', x: 'y' },
    true,
  );
  check('leaves out a workload that lacks one of them', { app: 'a', version: 'v1' }, { app: 'a' }, false);
  check('leaves out a workload that has another value', { app: 'a' }, { app: 'b' }, false);
  check('tells case apart', { app: 'a' }, { app: 'A' }, false);
  check('with an empty value means workloads with that empty value', { app: '' }, {}, false);
  check('without labels means every workload', {}, { app: 'a' }, true);
  check('without labels means workloads without labels too', {}, {}, true);
  check('is not met by what every JavaScript object has', { constructor: 'a' }, {}, false);
});

describe('picking labels', () => {
  function check(name: string, labels: Labels, keys: readonly string[], expected: Labels): void {
    it(name, () => assert.deepEqual(pick(labels, keys), expected));
  }
  check('keeps those of the keys', { app: 'a', version: 'v1' }, ['app'], { app: 'a' });
  check('keeps an empty value', { app: '' }, ['app'], { app: '' });
  check('passes over keys that are not there', { app: 'a' }, ['version', 'app'], { app: 'a' });
  check('keeps none without keys', { app: 'a' }, [], {});
});
