import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FakeClock, fakeClock } from '../../test/support/fake-clock.ts';
import { silent } from '../lib/log.ts';
import { PartsState } from './parts-state.ts';
import { VisibilityLog } from './visibility-log.ts';

describe('a platform of many parts', () => {
  function check(
    name: string,
    happen: (parts: PartsState, clock: FakeClock) => void,
    expected: readonly string[],
  ): void {
    it(name, () => {
      const said: string[] = [];
      const clock = fakeClock();
      const visibility = new VisibilityLog({ name: 'consul/dc1', log: silent, clock });
      const parts = new PartsState(
        { resource: 'services', visibility, now: () => clock.now(), clock },
        {
          synced: () => said.push('synced'),
          freshness: (now) =>
            said.push(now.state === 'stale' ? `stale since ${now.sinceMs}: ${now.reason}` : now.state),
        },
      );
      parts.expect('names');
      happen(parts, clock);
      assert.deepEqual(said, expected);
    });
  }

  check(
    'is listed when each part that is expected has been read',
    (parts) => {
      parts.expect('web');
      parts.seen('names');
      parts.expect('stock');
      parts.seen('web');
      parts.seen('stock');
      parts.seen('stock');
    },
    ['synced'],
  );
  check(
    'is stale when a part cannot be read for a moment, by what the one says that cannot be read for longest',
    (parts, clock) => {
      clock.advance(1000);
      parts.failed('web', 'cut');
      parts.failed('stock', 'cut too');
      parts.failed('web', 'refused');
      clock.advance(500);
      parts.failed('web', 'refused');
      parts.failed('web', 'ACL not found');
      parts.failed('stock', 'still cut');
      parts.seen('web');
      parts.failed('stock', 'away');
      parts.seen('stock');
    },
    ['stale since 1500: refused', 'stale since 1500: ACL not found', 'stale since 1500: away', 'live'],
  );
  check(
    'is not stale when a fault is mended at once',
    (parts, clock) => {
      parts.failed('web', 'cut');
      clock.advance(499);
      parts.seen('web');
      clock.advance(1000);
    },
    [],
  );
  check(
    'is stale at once, if only for a moment, when what a part says is doubted',
    (parts) => {
      parts.doubted('web', 'the index went back');
      parts.seen('web');
    },
    ['stale since 0: the index went back', 'live'],
  );
  check(
    'says nothing more when it is over',
    (parts, clock) => {
      parts.failed('web', 'cut');
      parts.close();
      clock.advance(1000);
    },
    [],
  );
});
