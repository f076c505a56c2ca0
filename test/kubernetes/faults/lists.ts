/** Lists in pages, lists that are not whole, and lists that tell of the past. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import type { Asked, Fault } from '../support/fault-proxy.ts';
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
  untilStale,
  type World,
  written,
} from '../support/fault-world.ts';
import * as faults from '../support/faults.ts';

const isWatch = (asked: Asked) => isWritten(asked) && asked.isWatch;
const isList = (asked: Asked) => isWritten(asked) && !asked.isWatch;
const isLaterPage = (asked: Asked) => isList(asked) && asked.query.has('continue');

export function listFaults(world: () => World): void {
  describe('lists', () => {
    afterEach(() => world().proxy.heal());

    /** Lets watches be too old, so that everything is listed. */
    const expire = () => {
      const { proxy } = world();
      const end = proxy.inject({ on: isWatch, answer: faults.fails(410, 'Expired') });
      proxy.breakWatches(isWatch);
      return end;
    };
    /** Lets lists have pages of two. */
    const page = (fault: Partial<Fault> = {}) => world().proxy.inject({ on: isList, pageSize: 2, ...fault });

    test('come in pages, and what has happened meanwhile is seen', async () => {
      const { proxy, mirror } = world();
      const { act, assertSeen } = await three(world(), mirror);
      page();
      expire();
      await act();
      await until(() => proxy.asked.some(isLaterPage), { what: 'a second page' });
      await assertSeen();
    });

    test('whose token has expired are asked for in one piece', async () => {
      const { proxy, mirror } = world();
      const { act, assertSeen } = await three(world(), mirror);
      proxy.inject({ on: isLaterPage, answer: faults.fails(410, 'Expired') });
      page();
      const end = expire();
      await act();
      const isWhole = (asked: Asked) => isList(asked) && !asked.query.has('limit');
      await until(() => proxy.asked.some(isWhole), { what: 'a list without pages' });
      end();
      await assertSeen();
    });

    for (const [name, answer] of [
      ['break off', faults.breaksOff],
      ['are torn', faults.answers(200, '{"kind":"List","items":[{"metadata"')],
      ['fail', faults.fails(500, 'InternalError')],
    ] as const)
      test(`whose later pages ${name} say nothing of what is gone`, async () => {
        const { proxy, mirror } = world();
        const { act, assertSeen } = await three(world(), mirror);
        proxy.inject({ on: isLaterPage, answer });
        page();
        expire();
        await act();
        await until(() => proxy.met > 8, { what: 'pages that fail' });
        await untilStale(mirror, /./);
        assert.deepEqual(mirror.takeRemoved(), []);
        proxy.heal();
        await assertSeen();
      });

    test('of an earlier time are not believed, however often they come', async () => {
      const { cluster, proxy, mirror } = world();
      const recorded = new Map<string, string>();
      for (const one of written) {
        const path = kinds[one].path.replace('/namespaces/shop', '');
        recorded.set(one, JSON.stringify(await cluster.api('GET', path)));
      }
      const { act, assertSeen, assertUnseen } = await three(world(), mirror);
      expire();
      proxy.inject({ on: isList, body: (_, { resource }) => recorded.get(resource) ?? '' });
      await act();
      await untilStale(mirror, /the server tells of the past/);
      // Longer than the past of a restored server is doubted.
      const startedAtMs = performance.now();
      await until(() => performance.now() - startedAtMs > 1500, { what: 'some lists' });
      assertUnseen();
      proxy.heal();
      await assertSeen();
    });

    test('of a server whose versions have gone back are believed after a while', async () => {
      const { proxy, mirror } = world();
      const { stays, goes } = await three(world(), mirror);
      let version = 10;
      const restored = faults.bentItems((items) =>
        items
          .filter(({ metadata }) => metadata.name !== goes)
          .map((item) => ({ ...item, metadata: { ...item.metadata, resourceVersion: '5' } })),
      );
      const body = (text: string, asked: Asked) => {
        version += 1;
        const list = JSON.parse(restored(text, asked));
        return JSON.stringify({ ...list, metadata: { ...list.metadata, resourceVersion: String(version) } });
      };
      proxy.inject({ on: isList, body });
      proxy.inject({ on: isWatch, answer: faults.says(faults.expired) });
      proxy.breakWatches(isWatch);
      await untilStale(mirror, /the past/);
      assert.deepEqual(
        [marks(mirror, stays), marks(mirror, goes)],
        [
          [1, 1],
          [1, 1],
        ],
      );
      await untilMarked(mirror, goes, undefined);
      assert.deepEqual(marks(mirror, stays), [1, 1]);
      proxy.heal();
      await mirror.untilFresh();
      assert.deepEqual(marks(mirror, goes), [1, 1]);
    });

    test('with items that have no name say nothing of what is gone', async () => {
      const { proxy, mirror } = world();
      const { stays, goes, comes, act } = await three(world(), mirror);
      proxy.inject({
        on: isList,
        body: faults.bentItems((items) =>
          items.map((item) => (item.metadata.name === stays ? { ...item, metadata: {} } : item)),
        ),
      });
      const end = expire();
      await act();
      await untilMarked(mirror, comes, 1);
      assert.deepEqual(
        [marks(mirror, stays), marks(mirror, goes)],
        [
          [1, 1],
          [1, 1],
        ],
      );
      assert.deepEqual(mirror.takeRemoved(), []);
      // Watches work all the same.
      end();
      const [other] = [newName('comes')];
      await create(world(), other, 1);
      await untilMarked(mirror, other, 1);
      await remove(world(), other);
      await untilMarked(mirror, other, undefined);
      assert.deepEqual(mirror.takeRemoved(), both(other));
      proxy.heal();
      proxy.breakWatches(isWatch);
      await mirror.untilFresh();
      assert.deepEqual(mirror.takeRemoved(), both(goes));
    });

    test('with items that cannot be read keep these as they were', async () => {
      const { proxy, mirror } = world();
      const { stays, goes, act, assertSeen } = await three(world(), mirror);
      proxy.inject({
        on: isList,
        body: faults.bentItems((items) =>
          items.map((item) =>
            item.metadata.name === stays ? { metadata: { name: stays, namespace: 'shop' }, spec: [] } : item,
          ),
        ),
      });
      const end = expire();
      await act();
      await untilMarked(mirror, goes, undefined);
      assert.deepEqual(marks(mirror, stays), [1, 1]);
      assert.match(await mirror.page('/debug/problems'), /FW0008/);
      end();
      proxy.heal();
      await change(world(), stays, 2);
      await assertSeen();
    });
  });
}
