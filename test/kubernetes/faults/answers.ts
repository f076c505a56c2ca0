/** Answers that are none: the control plane sees nothing of two kinds, and says so. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import type { Fault } from '../support/fault-proxy.ts';
import {
  assertStale,
  both,
  change,
  create,
  isWritten,
  marks,
  newName,
  remove,
  untilBoth,
  type World,
} from '../support/fault-world.ts';
import * as faults from '../support/faults.ts';

interface Case {
  readonly name: string;
  readonly fault: Omit<Fault, 'on'>;
  /** Why nothing is seen, as `/ready` says. */
  readonly reason: RegExp;
}

const cases: readonly Case[] = [
  { name: '500', fault: { answer: faults.fails(500, 'InternalError') }, reason: /InternalError, says the test/ },
  { name: '503', fault: { answer: faults.fails(503, 'ServiceUnavailable') }, reason: /ServiceUnavailable/ },
  { name: '401', fault: { answer: faults.fails(401, 'Unauthorized') }, reason: /Unauthorized/ },
  { name: '403', fault: { answer: faults.fails(403, 'Forbidden') }, reason: /Forbidden/ },
  { name: '410', fault: { answer: faults.fails(410, 'Expired') }, reason: /Expired/ },
  { name: '429', fault: { answer: faults.refusesFor(0) }, reason: /too many requests/ },
  { name: 'HTML with 200', fault: { answer: faults.html(200) }, reason: /expected (?:JSON|an event)/ },
  { name: 'HTML with 502', fault: { answer: faults.html(502) }, reason: /HTTP 502/ },
  { name: 'HTML with 404', fault: { answer: faults.html(404) }, reason: /HTTP 404/ },
  { name: 'a 404 that says nothing', fault: { answer: faults.answers(404, '') }, reason: /HTTP 404/ },
  { name: 'an end of the connection', fault: { answer: faults.hangsUp }, reason: /socket hang up/ },
  {
    name: 'an object that is no list',
    fault: { answer: faults.answers(200, '{}\n') },
    reason: /expected a list|expected an event/,
  },
  { name: 'one that breaks off', fault: { answer: faults.breaksOff }, reason: /broke off/ },
];

export function answerFaults(world: () => World): void {
  describe('answers to every request for endpoints and routes', () => {
    afterEach(() => world().proxy.heal());
    for (const { name, fault, reason } of cases)
      test(`may be ${name}`, async () => {
        const { proxy, mirror } = world();
        const [stays, goes, comes] = [newName('stays'), newName('goes'), newName('comes')];
        await create(world(), stays, 1);
        await create(world(), goes, 1);
        await mirror.untilFresh();
        mirror.takeRemoved();
        // What is asked meanwhile, such as definitions, meets the same fault.
        proxy.inject({ on: (asked) => isWritten(asked) || asked.path.includes('virtualservices'), ...fault });
        proxy.breakWatches(isWritten);
        await create(world(), comes, 1);
        await change(world(), stays, 2);
        await remove(world(), goes);
        await until(() => proxy.met > 8, { what: 'requests that fail' });
        await untilBoth(mirror, 'stale');
        await assertStale(mirror, reason);
        assert.deepEqual(
          [marks(mirror, stays), marks(mirror, goes)],
          [
            [1, 1],
            [1, 1],
          ],
        );
        assert.deepEqual(mirror.takeRemoved(), []);
        proxy.heal();
        await mirror.untilFresh();
        assert.deepEqual(
          [marks(mirror, stays), marks(mirror, comes)],
          [
            [2, 2],
            [1, 1],
          ],
        );
        assert.deepEqual(mirror.takeRemoved(), both(goes));
        await untilBoth(mirror, 'live');
        assert.equal(await mirror.page('/ready'), 'ready\n');
      });
  });
}
