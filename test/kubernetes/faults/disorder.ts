/** Watches that tell wrong things: events that are lost, told twice, too late or in no order, and objects that are none. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import { type Asked, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import {
  both,
  change,
  create,
  isWritten,
  kinds,
  marks,
  newName,
  remove,
  three,
  untilMarked,
  type World,
} from '../support/fault-world.ts';
import * as faults from '../support/faults.ts';
import { type Mirror, startMirror } from '../support/mirror.ts';

const isWatch = (asked: Asked) => isWritten(asked) && asked.isWatch;

export function disorderFaults(world: () => World): void {
  describe('events', () => {
    afterEach(() => world().proxy.heal());

    test('that are told twice, or again when they have been overtaken, change nothing', async () => {
      const { proxy, mirror } = world();
      const { act, assertSeen, goes } = await three(world(), mirror);
      const told = new Map<string, string[]>();
      proxy.inject({
        on: isWatch,
        line(text, { resource }) {
          const before = told.get(resource) ?? [];
          told.set(resource, [...before, `${text}\n`]);
          return [`${text}\n`, `${text}\n`, ...before];
        },
      });
      await change(world(), goes, 2);
      await act();
      await assertSeen();
      assert.deepEqual(marks(mirror, goes), [undefined, undefined]);
    });

    test('that come in another order lead to the same state', async () => {
      const { proxy, mirror } = world();
      const { act, assertSeen, goes } = await three(world(), mirror);
      const held = new Map<string, string>();
      let isOver = false;
      proxy.inject({
        on: isWatch,
        line(text, { resource }) {
          const before = held.get(resource);
          held.delete(resource);
          if (before !== undefined) return [`${text}\n`, before];
          if (isOver) return [`${text}\n`];
          held.set(resource, `${text}\n`);
          return [];
        },
      });
      await change(world(), goes, 2);
      await act();
      // What is held now would be lost, which is another fault.
      isOver = true;
      await create(world(), newName('last'), 1);
      await assertSeen();
    });

    test('of objects that cannot be read leave the last good version, and others alone', async () => {
      const { proxy, mirror } = world();
      const { stays, goes, comes, act } = await three(world(), mirror);
      const bend = faults.bent((event) =>
        event.object.metadata.name === stays
          ? { ...event, object: { ...event.object, metadata: { ...event.object.metadata, uid: 7 } } }
          : event,
      );
      proxy.inject({ on: isWatch, line: bend });
      await act();
      await untilMarked(mirror, comes, 1);
      await untilMarked(mirror, goes, undefined);
      assert.deepEqual(marks(mirror, stays), [1, 1]);
      const problems = JSON.parse(await mirror.page('/debug/problems')) as {
        code: string;
        object?: { name: string };
      }[];
      const codes = problems.filter(({ object }) => object?.name === stays).map(({ code }) => code);
      assert.deepEqual(codes, ['FW0008', 'FW0008']);
      proxy.heal();
      await change(world(), stays, 3);
      await mirror.untilFresh();
      assert.deepEqual(marks(mirror, stays), [3, 3]);
      assert.doesNotMatch(await mirror.page('/debug/problems'), new RegExp(`FW0008[^}]*${stays}`));
    });

    for (const [name, object] of [
      ['nothing', null],
      ['a text', 'text'],
      ['a list', []],
      ['an object without metadata', { spec: 1 }],
      ['an object without a name', { metadata: { resourceVersion: '1', uid: 'x' } }],
      ['an object with fields of other types', { metadata: { name: 7, namespace: [], labels: 1, annotations: 'x' } }],
    ] as const)
      test(`that hold ${name} are passed over`, async () => {
        const { proxy, mirror } = world();
        const { act, assertSeen } = await three(world(), mirror);
        const lines = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].map((type) => faults.eventOf(type, object));
        proxy.inject({ on: isWatch, line: (text) => [...lines, text].map((line) => `${line}\n`) });
        await act();
        await assertSeen();
      });

    test('with huge objects are events like others', async () => {
      const { cluster, mirror } = world();
      const name = newName('huge');
      const { path, body } = kinds.virtualservices;
      const object = body(name, 1);
      const description = 'x'.repeat(1_000_000);
      await cluster.api('POST', path, { ...object, spec: { ...object.spec, description } });
      await until(() => marks(mirror, name)[1] === 1, { what: 'the huge object' });
      await cluster.api('DELETE', `${path}/${name}`);
      await mirror.untilFresh();
    });

    describe('that are lost without a trace', () => {
      let proxy: FaultProxy;
      let mirror: Mirror;
      before(async () => {
        const { cluster } = world();
        proxy = await startFaultProxy(cluster);
        mirror = await startMirror({ cluster, server: proxy.url, times: { relistMs: 500, watchSeconds: 1 } });
      });
      after(async () => {
        await mirror.close();
        await proxy.close();
      });

      test('are made good by the next whole list', async () => {
        const [name, gone] = [newName('lost'), newName('lost')];
        await create(world(), gone, 1);
        await untilMarked(mirror, gone, 1);
        proxy.inject({ on: isWatch, line: () => [] });
        mirror.takeRemoved();
        await create(world(), name, 1);
        await remove(world(), gone);
        await mirror.untilFresh(10_000);
        assert.deepEqual(marks(mirror, name), [1, 1]);
        assert.deepEqual(mirror.takeRemoved(), both(gone));
      });
    });
  });
}
