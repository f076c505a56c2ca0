import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KnownAllocation, type LifeSign, lifeSign } from './life-sign.ts';
import type { Allocation, Checks } from './schema.ts';

const registration = { AllocID: '1a', ServiceName: 'web' };
const allocation: Allocation = { ID: '1a', ClientStatus: 'running', DesiredStatus: 'run' };
const checksOf = (...statuses: readonly string[]): Checks =>
  Object.fromEntries(statuses.map((Status, i) => [String(i), { Service: 'web', Status }]));

describe('a registration', () => {
  const check = (name: string, known: KnownAllocation, checks: Checks | undefined, expected: LifeSign) =>
    it(name, () => assert.deepEqual(lifeSign(registration, known, checks), expected));
  const zombie = (reason: string): LifeSign => ({ health: 'unhealthy', zombie: reason });

  check('is healthy while its allocation runs', allocation, undefined, { health: 'healthy' });
  check('is healthy while all checks succeed', allocation, checksOf('success', 'success'), { health: 'healthy' });
  check('is unhealthy when one check fails', allocation, checksOf('success', 'failure'), { health: 'unhealthy' });
  check('is unhealthy until a check has run', allocation, checksOf('pending'), { health: 'unhealthy' });
  check(
    'does not suffer from checks of other services',
    allocation,
    { a: { Service: 'db', Status: 'failure' } },
    {
      health: 'healthy',
    },
  );
  for (const DesiredStatus of ['stop', 'evict'])
    check(`drains when its allocation shall ${DesiredStatus}`, { ...allocation, DesiredStatus }, checksOf('success'), {
      health: 'draining',
    });
  check(
    'is unhealthy, not draining, when a check fails too',
    { ...allocation, DesiredStatus: 'stop' },
    checksOf('failure'),
    {
      health: 'unhealthy',
    },
  );
  check(
    'is unhealthy, and nothing else, until its tasks are started',
    { ...allocation, ClientStatus: 'pending' },
    undefined,
    {
      health: 'unhealthy',
    },
  );
  for (const ClientStatus of ['complete', 'failed', 'lost'])
    check(
      `of an allocation that is ${ClientStatus} has nothing behind it`,
      { ...allocation, ClientStatus },
      undefined,
      {
        ...zombie(`allocation 1a, which is ${ClientStatus}`),
      },
    );
  check(
    'of a node that is cut off is unhealthy',
    { ...allocation, ClientStatus: 'unknown' },
    checksOf('success'),
    zombie('allocation 1a on a node that cannot be reached'),
  );
  check('without an allocation has nothing behind it', 'gone', undefined, zombie('no allocation 1a any more'));
  check('counts as it is where allocations cannot be read', 'not known', undefined, { health: 'unknown' });
  check('obeys its checks where allocations cannot be read', 'not known', checksOf('failure'), { health: 'unhealthy' });
});
