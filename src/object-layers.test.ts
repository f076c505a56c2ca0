import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeOf, objectIn, removalOf } from '../test/support/objects.ts';
import type { ObjectChange } from './model/kubernetes-object.ts';
import { type Layer, ObjectLayers } from './object-layers.ts';

const version = (text: string) =>
  objectIn(`{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop, annotations: {version: ${text}}}}`);

const put = (text: string): ObjectChange => changeOf(version(text));
const gone = removalOf(version('none'));

/** What comes of changes of layers, each as the version in force, or as `gone`. */
type Step = readonly [Layer, ObjectChange];

function outcome(...steps: readonly Step[]): readonly (readonly string[])[] {
  const layers = new ObjectLayers();
  layers.expectOverlay();
  return steps.map(([layer, change]) =>
    layers.apply(layer, [change]).map(({ object }) => object?.annotations.version ?? 'gone'),
  );
}

describe('an object of an overlay', () => {
  function check(name: string, steps: readonly Step[], expected: ReturnType<typeof outcome>): void {
    it(name, () => assert.deepEqual(outcome(...steps), expected));
  }
  check(
    'lies over the one beneath',
    [
      ['base', put('1')],
      ['overlay', put('2')],
    ],
    [['1'], ['2']],
  );
  check(
    'is not moved by what changes beneath',
    [
      ['overlay', put('2')],
      ['base', put('1')],
    ],
    [['2'], []],
  );
  check(
    'uncovers the one beneath',
    [
      ['base', put('1')],
      ['overlay', put('2')],
      ['overlay', gone],
    ],
    [['1'], ['2'], ['1']],
  );
  check(
    'stays when the one beneath goes',
    [
      ['base', put('1')],
      ['overlay', put('2')],
      ['base', gone],
    ],
    [['1'], ['2'], []],
  );
  check(
    'is gone when nothing is left',
    [
      ['overlay', put('2')],
      ['overlay', gone],
    ],
    [['2'], ['gone']],
  );
});

it('without an overlay changes pass as they are', () => {
  const layers = new ObjectLayers();
  const changes = [put('1'), gone];
  assert.equal(layers.apply('base', changes), changes);
});
