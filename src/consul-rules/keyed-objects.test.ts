import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordingSink } from '../../test/support/recording-sink.ts';
import { KeyedObjects } from './keyed-objects.ts';

const rule = (name: string, version = 1) =>
  `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${name}, namespace: shop, annotations: {version: "${version}"}}\n`;

type Keys = { readonly [key: string]: string | Buffer };

/** What is in force, and what is wrong, after each state of the keys. */
function outcome(...states: readonly Keys[]): readonly (readonly string[])[] {
  const sink = recordingSink();
  const objects = new KeyedObjects('consul', sink);
  return states.map((state) => {
    objects.take(new Map(Object.entries(state).map(([key, value]) => [key, Buffer.from(value)])));
    return [...sink.objects('version').map((text) => text.replace('VirtualService shop/', '')), ...sink.current()];
  });
}

describe('objects of keys', () => {
  function check(name: string, states: readonly Keys[], expected: ReturnType<typeof outcome>): void {
    it(name, () => assert.deepEqual(outcome(...states), expected));
  }
  check(
    'come, change and go with their keys',
    [{ a: rule('a'), b: `${rule('b')}---\n${rule('c')}` }, { a: rule('a', 2), b: rule('c') }, { b: rule('c') }, {}],
    [['a 1', 'b 1', 'c 1'], ['a 2', 'c 1'], ['c 1'], []],
  );
  const open =
    'consul:a:4: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ] [FW0001]';
  check(
    'stay while their key cannot be read, which breaks no other key',
    [
      { a: `${rule('a')}---\n${rule('b')}`, c: rule('c') },
      { a: `${rule('a', 2)}a: [`, c: rule('c', 2) },
      { a: rule('a', 3), c: rule('c', 2) },
    ],
    [
      ['a 1', 'b 1', 'c 1'],
      ['a 1', 'b 1', 'c 2', open],
      ['a 3', 'c 2'],
    ],
  );
  check(
    'go with their key, even when it could not be read',
    [{ a: rule('a') }, { a: Buffer.from([0xff, 0xfe, 0x00]) }, {}],
    [['a 1'], ['a 1', 'consul:a:1: expected text in UTF-8, found UTF-16 [FW0001]'], []],
  );
  check(
    'are those of the first key that states them, and of the next when that is gone',
    [{ b: rule('a', 2) }, { a: rule('a'), b: rule('a', 2) }, { b: rule('a', 2) }],
    [
      ['a 2'],
      [
        'a 1',
        'consul:b:1: VirtualService shop/a: expected one object of this name, found it at consul:a:1 too, which is the one that counts [FW0011]',
      ],
      ['a 2'],
    ],
  );
  check(
    'are not gone when a value is empty all of a sudden',
    [{ a: rule('a') }, { a: '' }, { a: '# nothing on purpose' }],
    [
      ['a 1'],
      [
        'a 1',
        'consul:a: expected objects, found an empty file; objects it held before stay until the file is filled or deleted [FW0010]',
      ],
      [],
    ],
  );
});

it('keys that are the same are not read again', () => {
  const sink = recordingSink();
  const objects = new KeyedObjects('consul', sink);
  const state = new Map([['a', Buffer.from(rule('a'))]]);
  objects.take(state);
  sink.takeChanges();
  objects.take(new Map([['a', Buffer.from(rule('a'))]]));
  assert.deepEqual([sink.takeChanges(), [...objects.names]], [[], ['a']]);
});
