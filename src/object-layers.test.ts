import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeOf, objectIn, removalOf } from '../test/support/objects.ts';
import { type ObjectChange, objectKey } from './model/kubernetes-object.ts';
import { formatProblem } from './model/problem.ts';
import { type Layer, ObjectLayers } from './object-layers.ts';

const version = (text: string, file?: string) =>
  objectIn(
    `{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop, annotations: {version: ${text}}}}`,
    file,
  );

const put = (text: string): ObjectChange => changeOf(version(text));
const gone = removalOf(version('none'));

/** What comes of changes of layers, each as the version in force, or as `gone`. */
type Step = readonly [Layer, ObjectChange];

function outcome(...steps: readonly Step[]): readonly (readonly string[])[] {
  const layers = new ObjectLayers(() => {});
  layers.expect(2);
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
      [0, put('1')],
      [1, put('2')],
    ],
    [['1'], ['2']],
  );
  check(
    'is not moved by what changes beneath',
    [
      [1, put('2')],
      [0, put('1')],
    ],
    [['2'], []],
  );
  check(
    'uncovers the one beneath',
    [
      [0, put('1')],
      [1, put('2')],
      [1, gone],
    ],
    [['1'], ['2'], ['1']],
  );
  check(
    'stays when the one beneath goes',
    [
      [0, put('1')],
      [1, put('2')],
      [0, gone],
    ],
    [['1'], ['2'], []],
  );
  check(
    'is gone when nothing is left',
    [
      [1, put('2')],
      [1, gone],
    ],
    [['2'], ['gone']],
  );
  check(
    'is found beneath any number of others',
    [
      [2, put('3')],
      [0, put('1')],
      [1, put('2')],
      [2, gone],
      [1, gone],
    ],
    [['3'], [], [], ['2'], ['1']],
  );
});

it('an object that others lie over is told, and where the one in force stands', () => {
  const told: (readonly string[])[] = [];
  const layers = new ObjectLayers((_key, hidden) => told.push(hidden.map(formatProblem)));
  layers.expect(1);
  for (const [layer, file] of [
    [0, 'cluster'],
    [1, 'consul:rules/a'],
    [2, 'api'],
  ] as const)
    layers.apply(layer, [changeOf(version('1', file))]);
  const known = () => layers.originsOf(objectKey(gone)).map(({ file }) => file);
  assert.deepEqual(known(), ['cluster', 'consul:rules/a', 'api']);
  for (const layer of [2, 1, 0]) layers.apply(layer, [gone]);
  assert.deepEqual(known(), []);
  const over = (beneath: string, above: string) =>
    `${beneath}:1: Service shop/a: expected one source to state this object, found it at ${above}:1 too, which lies over this one and counts [FW3151]`;
  assert.deepEqual(told, [
    [over('cluster', 'consul:rules/a')],
    [over('cluster', 'api'), over('consul:rules/a', 'api')],
    [over('cluster', 'consul:rules/a')],
    [],
  ]);
});

it('without an overlay changes pass as they are', () => {
  const layers = new ObjectLayers(() => assert.fail('nothing can be hidden'));
  layers.expect(0);
  const changes = [put('1'), gone];
  assert.equal(layers.apply(0, changes), changes);
});
