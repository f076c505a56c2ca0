import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { silent } from '../lib/log.ts';
import type { ObjectChange } from '../model/kubernetes-object.ts';
import type { EntryObject } from './entry.ts';
import { entryFolder } from './entry-folder.ts';
import { ChangedError } from './entry-store.ts';
import { memoryStore } from './memory-store.ts';

const entry = (name: string, address = '10.0.0.1'): EntryObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadEntry',
  metadata: { namespace: 'shop', name, annotations: { 'istio.io/autoRegistrationGroup': 'vms' } },
  spec: { address },
});

function opened(path?: string) {
  const told: string[] = [];
  const apply = (changes: readonly ObjectChange[]) =>
    void told.push(...changes.map(({ name, object }) => `${object === undefined ? 'remove' : 'put'} ${name}`));
  return { told, store: memoryStore(apply, path === undefined ? undefined : entryFolder(path, silent)) };
}

describe('entries in memory', () => {
  it('are told when they are new, different and gone', async () => {
    const { told, store } = opened();
    const first = await store.create(entry('a'));
    const second = await store.replace({ ...first, spec: { address: '10.0.0.2' } });
    await store.setConditions(second, [{ type: 'Healthy' }]);
    const third = await store.read({ namespace: 'shop', name: 'a' });
    assert.deepEqual([third?.spec, third?.status], [{ address: '10.0.0.2' }, { conditions: [{ type: 'Healthy' }] }]);
    if (third !== undefined) await store.remove(third);
    assert.equal(await store.read({ namespace: 'shop', name: 'a' }), undefined);
    assert.deepEqual(told, ['put a', 'put a', 'put a', 'remove a']);
  });

  it('are written only as they were read', async () => {
    const { store } = opened();
    const first = await store.create(entry('a'));
    await assert.rejects(store.create(entry('a')), ChangedError);
    const [one, other] = await Promise.allSettled([store.replace(first), store.replace(first)]);
    assert.deepEqual([one.status, other.status], ['fulfilled', 'rejected']);
    await assert.rejects(store.remove(first), ChangedError);
  });
});

describe('entries in a folder', () => {
  async function two(test: TestContext) {
    const folder = tempFolder(test);
    const { store } = opened(folder.path);
    const a = await store.create(entry('a'));
    await store.create(entry('b'));
    await store.setConditions(a, [{ type: 'Healthy', status: 'True' }]);
    return { folder, store };
  }

  it('are there after a restart, as they were', async (test) => {
    const { folder } = await two(test);
    const { told, store } = opened(folder.path);
    assert.deepEqual(told, ['put a', 'put b']);
    const found = await store.read({ namespace: 'shop', name: 'a' });
    assert.deepEqual(found?.status, { conditions: [{ type: 'Healthy', status: 'True' }] });
    if (found !== undefined) await store.remove(found);
    assert.deepEqual(opened(folder.path).told, ['put b']);
  });

  it('cost nobody else when one cannot be read', async (test) => {
    const { folder } = await two(test);
    const [first = ''] = readdirSync(folder.path);
    folder.write(first, '{"kind": "Work');
    folder.write('other.json', JSON.stringify(entry('c')));
    folder.write('own.json', '{"metadata": {"namespace": "shop", "name": "own"}}');
    assert.deepEqual(opened(folder.path).told, ['put b']);
  });
});
