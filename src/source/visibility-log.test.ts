import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FakeClock, fakeClock } from '../../test/support/fake-clock.ts';
import { silent } from '../lib/log.ts';
import { VisibilityLog } from './visibility-log.ts';

describe('what is said of resources that cannot be seen', () => {
  function check(
    name: string,
    happen: (visibility: VisibilityLog, clock: FakeClock) => void,
    expected: readonly string[],
  ): void {
    it(name, () => {
      const said: string[] = [];
      const say = (message: string) => said.push(message);
      const clock = fakeClock();
      happen(new VisibilityLog({ name: 'east', log: { ...silent, warn: say, info: say }, clock }), clock);
      clock.advance(1000);
      assert.deepEqual(said, expected);
    });
  }
  const all = ['services', 'pods', 'nodes', 'secrets', 'endpoints'];
  const away = 'cannot be seen; what is known stays in force: server away';

  check(
    'is one line for all that are lost together',
    (visibility) => {
      for (const resource of all) visibility.lost(resource, 'server away');
    },
    [`east: services, pods, nodes and 2 more ${away}`],
  );
  check(
    'is a line for each reason',
    (visibility) => {
      visibility.lost('pods', 'server away');
      visibility.lost('secrets', 'forbidden');
    },
    [`east: pods ${away}`, 'east: secrets cannot be seen; what is known stays in force: forbidden'],
  );
  check(
    'is nothing when they are back at once',
    (visibility) => {
      visibility.lost('pods', 'server away');
      visibility.seen('pods');
    },
    [],
  );
  check(
    'is said once, until they are back',
    (visibility, clock) => {
      visibility.lost('pods', 'server away');
      clock.advance(1000);
      visibility.lost('pods', 'still away');
      clock.advance(1000);
      visibility.seen('pods');
    },
    [`east: pods ${away}`, 'east: pods can be seen again'],
  );
  check(
    'is nothing more when they are lost again before their return was told',
    (visibility, clock) => {
      visibility.lost('pods', 'server away');
      clock.advance(1000);
      visibility.seen('pods');
      visibility.lost('pods', 'server away');
    },
    [`east: pods ${away}`],
  );
});
