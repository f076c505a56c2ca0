import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { configKey } from '../config/config.ts';
import { silent } from '../lib/log.ts';
import type { ObjectChange } from '../model/kubernetes-object.ts';
import { registrationState } from '../model/registration.ts';
import { Caretaker, type KnownRegistration } from './caretaker.ts';
import { type EntryObject, left } from './entry.ts';
import type { EntryStore } from './entry-store.ts';
import { memoryStore } from './memory-store.ts';

const entry = (name: string, controller: string): EntryObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadEntry',
  metadata: {
    namespace: 'shop',
    name,
    annotations: { 'istio.io/autoRegistrationGroup': 'vms', 'istio.io/workloadController': controller },
  },
  spec: { address: '10.0.0.1' },
});
const startMs = Date.parse('2026-01-01T00:00:00Z');

/** A replica that nobody is connected to, beside another one that had two entries when it was heard of last. */
async function replica(test: TestContext) {
  const clock = fakeClock();
  const known = new Map<string, KnownRegistration>();
  /** How the world is: whether entries can be read and written, and what is told of them arrives. */
  const world = { isReached: true, isTold: true, skippedMs: 0 };
  const apply = (changes: readonly ObjectChange[]) => {
    for (const { namespace, name, object } of changes) {
      const state = object && registrationState(object.annotations);
      if (!world.isTold) continue;
      if (state === undefined) known.delete(`${namespace}/${name}`);
      else known.set(`${namespace}/${name}`, { namespace, name, state });
    }
  };
  const inner = memoryStore(apply);
  const store: EntryStore = {
    ...inner,
    async read(key) {
      if (!world.isReached) throw new Error('connection refused');
      return inner.read(key);
    },
  };
  for (const name of ['a', 'b']) await inner.create(entry(name, 'other'));
  const now = () => startMs + clock.now() + world.skippedMs;
  const caretaker = new Caretaker({
    ...{ store, clock, now, log: silent, controller: 'own', graceMs: 10_000 },
    registrar: { has: () => false, look() {} },
    entries: () => [...known.values()],
  });
  test.after(() => caretaker.close());
  caretaker.start();
  await setImmediate();
  return {
    world,
    inner,
    async passes(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(1000);
        await setImmediate();
      }
    },
    names: async () => {
      const found = await Promise.all(['a', 'b'].map((name) => inner.read({ namespace: 'shop', name })));
      return found.flatMap((one) => (one === undefined ? [] : [configKey(one.metadata)])).join(' ');
    },
  };
}

describe('entries of a replica that does not answer', () => {
  it('go when it has had half a minute for that', async (test) => {
    const { passes, names } = await replica(test);
    await passes(29);
    assert.equal(await names(), 'shop/a shop/b');
    await passes(7);
    assert.equal(await names(), '');
  });

  it('stay while nobody can answer, and half a minute longer', async (test) => {
    const { passes, names, world } = await replica(test);
    await passes(20);
    world.isReached = false;
    await passes(120);
    world.isReached = true;
    await passes(29);
    assert.equal(await names(), 'shop/a shop/b');
    await passes(12);
    assert.equal(await names(), '');
  });

  it('stay when it has answered, and that is not known here yet', async (test) => {
    const { passes, names, world, inner } = await replica(test);
    world.isTold = false;
    const asked = await inner.read({ namespace: 'shop', name: 'a' });
    assert.ok(asked?.metadata.annotations?.['registration.fairway.dev/askedAt']);
    await inner.replace(left(asked, startMs));
    await passes(60);
    assert.equal(await names(), 'shop/a shop/b');
  });

  it('stay half a minute more when the replica that waits was frozen meanwhile', async (test) => {
    const { passes, names, world } = await replica(test);
    await passes(4);
    world.skippedMs = 3_600_000;
    await passes(29);
    assert.equal(await names(), 'shop/a shop/b');
    await passes(12);
    assert.equal(await names(), '');
  });
});
