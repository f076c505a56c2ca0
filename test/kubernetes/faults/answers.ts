/** Answers that are none: the control plane sees nothing of two kinds, and says so. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import type { Fault } from '../support/fault-proxy.ts';
import { change, isWritten, three, untilLive, untilStale, type World } from '../support/fault-world.ts';
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
        const { stays, act, assertUnseen, assertSeen } = await three(world(), mirror);
        // What is asked meanwhile, such as definitions, meets the same fault.
        proxy.inject({ on: (asked) => isWritten(asked) || asked.path.includes('virtualservices'), ...fault });
        proxy.breakWatches(isWritten);
        await act();
        await until(() => proxy.met > 8, { what: 'requests that fail' });
        await untilStale(mirror, reason);
        assertUnseen();
        proxy.heal();
        await assertSeen();
        // A word says sooner than time that a watch works.
        await change(world(), stays, 3);
        await untilLive(mirror);
        assert.equal(await mirror.page('/ready'), 'ready\n');
      });
  });
}
