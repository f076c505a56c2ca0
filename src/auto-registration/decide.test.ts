import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RegistrationState } from '../model/registration.ts';
import { type Decision, decide, type Presence, type Situation } from './decide.ts';

/** Ours, connected at 100. */
const own: RegistrationState = {
  group: 'vms',
  controller: 'a',
  connectedAtMs: 100,
  disconnectedAtMs: undefined,
  askedAtMs: undefined,
};
const others = { ...own, controller: 'b' };
const gone = { connectedAtMs: undefined, disconnectedAtMs: 150 };

function check(name: string, presence: Presence, found: Situation['found'], expected: Decision): void {
  it(name, () => assert.deepEqual(decide({ controller: 'a', presence, found, graceMs: 60 }), expected));
}

describe('of a workload that has just connected, the entry', () => {
  const presence: Presence = { is: 'connected', sinceMs: 190, isSettled: false };
  check('is made where there is none', presence, 'absent', { do: 'create' });
  check('stays as a person has written it', presence, 'written', { do: 'nothing' });
  check('says so where it was ours', presence, own, { do: 'claim', connectedAtMs: 190 });
  check('says so where its workload had gone', presence, { ...own, ...gone }, { do: 'claim', connectedAtMs: 190 });
  check('is taken over from another replica', presence, others, { do: 'claim', connectedAtMs: 190 });
  check(
    'is taken over from another replica whose clock is ahead',
    presence,
    { ...others, connectedAtMs: 500 },
    { do: 'claim', connectedAtMs: 501 },
  );
  check(
    'is taken over from another replica that it has left',
    presence,
    { ...others, ...gone },
    { do: 'claim', connectedAtMs: 190 },
  );
});

describe('of a workload that is connected and registered, the entry', () => {
  const presence: Presence = { is: 'connected', sinceMs: 100, isSettled: true };
  check('stays as it is', presence, own, { do: 'nothing' });
  check('is made again when somebody has removed it', presence, 'absent', { do: 'create' });
  check(
    'is taken back from who thinks that it has gone',
    presence,
    { ...own, ...gone },
    { do: 'claim', connectedAtMs: 100 },
  );
  check(
    'is taken back from another replica that has lost it',
    presence,
    { ...others, ...gone },
    { do: 'claim', connectedAtMs: 100 },
  );
  check(
    'is left to a replica that it has connected to later',
    presence,
    { ...others, connectedAtMs: 150 },
    { do: 'nothing' },
  );
  check(
    'is not left to a replica that it has connected to before',
    presence,
    { ...others, connectedAtMs: 50 },
    { do: 'claim', connectedAtMs: 100 },
  );
  check(
    'says that its replica lives when that is asked',
    presence,
    { ...own, askedAtMs: 150 },
    {
      do: 'claim',
      connectedAtMs: 100,
    },
  );
});

describe('of a workload that has gone, the entry', () => {
  const presence: Presence = { is: 'gone', forMs: 50 };
  check('says since when', presence, own, { do: 'leave' });
  check('waits for it', presence, { ...own, ...gone }, { do: 'wait', ms: 10 });
  check('goes when it does not come back', { is: 'gone', forMs: 60 }, { ...own, ...gone }, { do: 'remove' });
  check('is nobody’s business here when it is gone already', presence, 'absent', { do: 'forget' });
  check('is nobody’s business here when another replica has it', presence, others, { do: 'forget' });
  check('is nobody’s business here when a person has written it', presence, 'written', { do: 'forget' });
});
