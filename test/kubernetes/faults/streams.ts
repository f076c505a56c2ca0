/** Watches that break, fall silent, or do not tell what happens. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import { type Asked, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { change, isWritten, type Three, three, untilLive, untilStale, type World } from '../support/fault-world.ts';
import * as faults from '../support/faults.ts';
import { type Mirror, startMirror } from '../support/mirror.ts';

const isWatch = (asked: Asked) => isWritten(asked) && asked.isWatch;
const isList = (asked: Asked) => isWritten(asked) && !asked.isWatch;

export function streamFaults(world: () => World): void {
  describe('watches', () => {
    afterEach(() => world().proxy.heal());

    test('that break go on from the last version heard of, without a list', async () => {
      const { proxy, mirror } = world();
      const { act, assertSeen } = await three(world(), mirror);
      proxy.inject({ on: () => false });
      assert.equal(proxy.breakWatches(isWatch), 2);
      await act();
      await assertSeen();
      assert.deepEqual(proxy.asked.filter(isList), []);
      const versions = proxy.asked.filter(isWatch).map(({ query }) => Number(query.get('resourceVersion')));
      assert.ok(versions.length >= 2 && versions.every((version) => version > 0), versions.join());
      await untilLive(mirror);
    });

    test('that are refused go on from the last version as well, however long that lasts', async () => {
      const { proxy, mirror } = world();
      const { act, assertSeen, assertUnseen } = await three(world(), mirror);
      proxy.inject({ on: isWatch, answer: faults.hangsUp });
      proxy.breakWatches(isWatch);
      await act();
      await until(() => proxy.met > 20, { what: 'watches to be refused' });
      await untilStale(mirror, /socket hang up/);
      assertUnseen();
      proxy.heal();
      await assertSeen();
      assert.deepEqual(proxy.asked.filter(isList), []);
      await untilLive(mirror);
    });

    test('with a line that breaks off tell it again', async () => {
      const { proxy, mirror } = world();
      const { act, assertSeen } = await three(world(), mirror);
      const torn = new Set<string>();
      const line = (text: string) => {
        const isNew = !torn.has(text);
        torn.add(text);
        return [isNew ? `${text.slice(0, text.length / 2)}\n` : `${text}\n`];
      };
      proxy.inject({ on: isWatch, line });
      await act();
      await assertSeen();
      assert.ok(proxy.met >= 6);
      await untilLive(mirror);
    });

    const inStream: readonly { readonly name: string; readonly line: string; readonly isListed: boolean }[] = [
      { name: 'too old (410)', line: faults.expired, isListed: true },
      {
        name: 'an error',
        line: faults.eventOf('ERROR', { kind: 'Status', message: 'oh', code: 500 }),
        isListed: false,
      },
      { name: 'HTML', line: '<html>', isListed: false },
    ];
    for (const { name, line, isListed } of inStream)
      test(`in which there is ${name} instead of an event lose nothing`, async () => {
        const { proxy, mirror } = world();
        const { act, assertSeen } = await three(world(), mirror);
        const spoilt = new Set<string>();
        proxy.inject({
          on: isWatch,
          line(text, { resource }) {
            const isSpoilt = spoilt.has(resource);
            spoilt.add(resource);
            return [`${isSpoilt ? text : line}\n`];
          },
        });
        await act();
        await assertSeen();
        assert.equal(proxy.asked.some(isList), isListed);
        await untilLive(mirror);
      });

    for (const [name, answer] of [
      ['end at once', faults.endsAtOnce],
      ['are too old at once (410)', faults.says(faults.expired)],
      ['break at once', faults.says('{"type":"ADD')],
    ] as const)
      test(`that ${name}, again and again, are replaced by lists and called stale`, async () => {
        const { proxy, mirror } = world();
        const { act, assertSeen } = await three(world(), mirror);
        proxy.inject({ on: isWatch, answer });
        proxy.breakWatches(isWatch);
        await act();
        await assertSeen();
        await until(() => proxy.met > 8, { what: 'watches that bring nothing' });
        await untilStale(mirror, /./);
        const [before, startedAtMs] = [proxy.asked.length, performance.now()];
        await until(() => performance.now() - startedAtMs > 500, { what: 'half a second' });
        assert.ok(proxy.asked.length - before < 60, 'it is not asked without pause');
        proxy.heal();
        await untilLive(mirror);
      });

    describe('when nothing comes for long', () => {
      let proxy: FaultProxy;
      let mirror: Mirror;
      let objects: Three;
      beforeEach(async () => {
        const { cluster } = world();
        proxy = await startFaultProxy(cluster);
        mirror = await startMirror({ cluster, server: proxy.url, times: { idleMs: 400 }, timeoutMs: 300 });
        objects = await three(world(), mirror);
      });
      afterEach(async () => {
        await mirror.close();
        await proxy.close();
      });

      for (const [name, answer] of [
        ['have fallen silent', faults.opensAndSaysNothing],
        ['drip without end', faults.drips],
      ] as const)
        test(`those that ${name} are given up, called stale, and replaced by lists`, async () => {
          proxy.inject({ on: isWatch, line: () => [], answer });
          await objects.act();
          await untilStale(mirror, /heard nothing for 0\.4 s/);
          await objects.assertSeen();
          assert.equal(mirror.freshness('kubernetes/Kubernetes/virtualservices.networking.istio.io').state, 'stale');
          proxy.heal();
          proxy.breakWatches(isWatch);
          await change(world(), objects.stays, 3);
          await mirror.untilFresh();
        });

      for (const [name, answer] of [
        ['begin', faults.isSilent],
        ['end', faults.drips],
      ] as const)
        test(`and answers to lists do not ${name}, what is known stays`, async () => {
          proxy.inject({ on: isWritten, line: () => [], answer });
          await objects.act();
          await until(() => proxy.asked.some(isList), { what: 'a list', mostMs: 10_000 });
          await untilStale(mirror, /(?:no answer|nothing|not whole)/);
          objects.assertUnseen();
          proxy.heal();
          await objects.assertSeen();
        });
    });
  });
}
