import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { recordingSink } from '../../test/support/recording-sink.ts';
import { type TempFolder, tempFolder } from '../../test/support/temp-folder.ts';
import type { Stated } from './judge.ts';
import { fileNameOf } from './kept-object.ts';
import { ObjectStore } from './object-store.ts';
import { isObjectPlace, type ObjectPlace, placeOfPath } from './place.ts';

const placeOf = (name: string, plural = 'virtualservices'): ObjectPlace => {
  const place = placeOfPath(`/apis/networking.istio.io/v1/namespaces/shop/${plural}/${name}`);
  assert.ok(typeof place !== 'string' && isObjectPlace(place));
  return place;
};
const stated = (name: string, status = 418): Stated => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'shop', annotations: { version: String(status) } },
  spec: { hosts: [name], http: [{ directResponse: { status } }] },
});
const signal = new AbortController().signal;

async function opened(folder: TempFolder) {
  mkdirSync(folder.at('objects'), { recursive: true });
  const store = new ObjectStore({ folder: folder.at('objects'), now: () => 0 });
  const sink = recordingSink();
  await store.source.run(sink, signal);
  return { store, sink };
}

describe('objects that are kept', () => {
  it('are there again after a restart, with their generation and age', async (test) => {
    const folder = tempFolder(test);
    const first = await opened(folder);
    await first.store.put(placeOf('a'), stated('a'), {});
    await first.store.put(placeOf('a'), stated('a', 451), {});
    await first.store.put(placeOf('b'), stated('b'), {});
    await first.store.put(placeOf('c'), stated('c'), {});
    await first.store.remove(placeOf('c'), {});
    const { store, sink } = await opened(folder);
    assert.deepEqual(sink.objects('version'), ['VirtualService shop/a 451', 'VirtualService shop/b 418']);
    assert.deepEqual([await store.get(placeOf('a')), sink.isSynced], [await first.store.get(placeOf('a')), true]);
  });

  it('are not hurt by a file that is torn, edited or copied, which is told by itself', async (test) => {
    const folder = tempFolder(test);
    const { store } = await opened(folder);
    for (const name of ['a', 'b', 'c']) await store.put(placeOf(name), stated(name), {});
    const file = (name: string) => `objects/virtualservices.shop.${name}.json`;
    const whole = folder.read(file('a'));
    folder.write(file('a'), whole.slice(0, -20));
    folder.write(file('b'), whole.replace('VirtualService', 'Service'));
    folder.write(file('copy'), folder.read(file('c')));
    folder.write(`${file('c')}.new`, whole.slice(0, 7));
    const again = await opened(folder);
    assert.deepEqual(again.sink.objects(), ['VirtualService shop/c']);
    const told = (name: string, found: string) =>
      `${folder.at(file(name))}: expected the object as it was kept, found ${found}; it is left out until it is put again or deleted [FW3152]`;
    assert.deepEqual(again.sink.current(), [
      told('a', 'no JSON'),
      told('b', 'something else'),
      told('copy', 'one of another name'),
    ]);
    await again.store.put(placeOf('a'), stated('a'), {});
    assert.equal(await again.store.remove(placeOf('b'), {}), 'absent');
    await again.store.remove(placeOf('copy'), {});
    assert.deepEqual(again.sink.current(), []);
    assert.deepEqual(readdirSync(folder.at('objects')), ['virtualservices.shop.a.json', 'virtualservices.shop.c.json']);
  });

  it('are changed one after the other', async (test) => {
    const { store, sink } = await opened(tempFolder(test));
    const changes = await Promise.all(
      [1, 2, 3].map((status) => store.put(placeOf('a'), stated('a', status), { ifAbsent: true })),
    );
    assert.deepEqual(
      changes.map((change) => typeof change === 'object' && 'change' in change),
      [true, false, false],
    );
    assert.deepEqual(sink.objects('version'), ['VirtualService shop/a 1']);
  });

  it('are as before when the folder takes nothing', async (test) => {
    const folder = tempFolder(test);
    const { store, sink } = await opened(folder);
    await store.put(placeOf('a'), stated('a'), {});
    // A folder where a file is to be written: no user, not even root, can.
    folder.makeFolder('objects/virtualservices.shop.a.json.new');
    await assert.rejects(store.put(placeOf('a'), stated('a', 451), {}), /EISDIR/);
    await store.put(placeOf('b'), stated('b'), {});
    assert.deepEqual(sink.objects('version'), ['VirtualService shop/a 418', 'VirtualService shop/b 418']);
  });

  it('have a file name each, however long their names', () => {
    const long = ['a', 'b'].map((end) => placeOf(`${'x.'.repeat(125)}${end}`, 'destinationrules'));
    const names = [placeOf('a.b'), placeOf('a'), placeOf('a', 'gateways'), ...long].map(fileNameOf);
    assert.equal(new Set(names).size, 5);
    assert.ok(
      names.every((name) => name.length <= 250),
      names.join(),
    );
  });
});
