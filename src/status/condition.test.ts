import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectIn } from '../../test/support/objects.ts';
import { isInPlace, type Statement, toConditions, withoutOwnConditions } from './condition.ts';

const accepted: Statement = { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'fine' };
const written = { ...accepted, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 3 };

describe('an object without our conditions', () => {
  function check(name: string, status: object | undefined, expected: object | undefined): void {
    it(name, () => {
      const object = objectIn('{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: a}}');
      const value = status === undefined ? object.value : { ...object.value, status };
      assert.deepEqual(withoutOwnConditions({ ...object, value }).value.status, expected);
    });
  }
  const healthy = { type: 'Healthy', status: 'True' };
  check('has no status where it had none', undefined, undefined);
  check('keeps a status without conditions', { addresses: [] }, { addresses: [] });
  check('keeps conditions of others', { conditions: [healthy] }, { conditions: [healthy] });
  check('loses ours', { conditions: [healthy, written], x: 1 }, { conditions: [healthy], x: 1 });
  check('has no conditions where only ours were', { conditions: [written], x: 1 }, { x: 1 });
  check('has no status where only ours was', { conditions: [written] }, undefined);
});

describe('statements', () => {
  function check(name: string, conditions: readonly unknown[], expected: boolean): void {
    it(name, () => assert.equal(isInPlace([accepted], conditions, 3), expected));
  }
  check('are in place when the condition says them', [{ type: 'Other' }, written], true);
  check(
    'are in place where there is no room for the generation',
    [{ ...written, observedGeneration: undefined }],
    true,
  );
  check('are in place when the generation is a text', [{ ...written, observedGeneration: '3' }], true);
  check('are not in place without a condition', [{ type: 'Other', status: 'True' }, null], false);
  check('are not in place of another generation', [{ ...written, observedGeneration: 2 }], false);
  check('are not in place with another status', [{ ...written, status: 'False' }], false);
  check('are not in place with another message', [{ ...written, message: 'well' }], false);
});

describe('the time of a condition', () => {
  function check(name: string, before: readonly unknown[], expected: string): void {
    it(name, () => {
      const nowMs = Date.UTC(2026, 1, 1, 0, 0, 0, 123);
      assert.deepEqual(toConditions([accepted], before, { generation: 4, nowMs }), [
        { ...accepted, lastTransitionTime: expected, observedGeneration: 4 },
      ]);
    });
  }
  check('is now for a new one', [], '2026-02-01T00:00:00Z');
  check('is now when the status differs', [{ ...written, status: 'False' }], '2026-02-01T00:00:00Z');
  check('stays while the status is the same', [{ ...written, message: 'x' }], '2026-01-01T00:00:00Z');
  check('is now where it was missing', [{ ...written, lastTransitionTime: null }], '2026-02-01T00:00:00Z');
});
