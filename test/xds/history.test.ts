import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import {
  clusterType,
  endpointType,
  extensionType,
  keptTypes,
  listenerType,
  nameType,
  pushOrder,
  routeType,
  secretType,
  wholeStateTypes,
} from '../../src/resource/types.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { fakeMesh, scopes, type Versions } from './support/fake-mesh.ts';
import { NaiveClient } from './support/naive-client.ts';
import type { Dialect } from './support/response.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const type = fc.constantFrom(...pushOrder);
const names = fc.uniqueArray(name, { maxLength: 3 });
/** Where a wildcard means something, names may include it. */
const wildcards = [clusterType, listenerType, endpointType, nameType] as const;
const starred = fc.uniqueArray(fc.constantFrom('*', 'a', 'b', 'c', 'd'), { maxLength: 3 });

const change = fc.record({
  scope: fc.constantFrom(...scopes),
  type,
  versions: fc.dictionary(name, fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }), {
    maxKeys: 3,
  }) as fc.Arbitrary<Versions>,
});

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      answer: fc.constantFrom('ack', 'ack', 'ack', 'nack', 'silence'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .oneof(
        fc.record({ type: fc.constantFrom(...wildcards), more: starred, less: starred }),
        fc.record({ type: fc.constantFrom(routeType, secretType, extensionType), more: names, less: names }),
      )
      .map((wanted) => ({ do: 'want' as const, ...wanted })),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), to: fc.constantFrom(...scopes) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(100, 999, 1000, 5000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Runs a history, then lets everything arrive, and compares what the client holds with what is there for it. */
async function follow(dialect: Dialect, history: readonly Step[]): Promise<void> {
  const clock = fakeClock();
  const mesh = fakeMesh(clock);
  const client = new NaiveClient(mesh.service, dialect);
  const look = async () => {
    await turn();
    const unread = client.waiting.map((response) => response.type);
    assert.equal(
      new Set(unread).size,
      unread.length,
      'at most one response of a type is on its way to a client that does not read',
    );
  };
  for (const one of history) {
    if (one.do === 'commit') mesh.commit(one.changes);
    else if (one.do === 'read') client.read(one.answer as 'ack');
    else if (one.do === 'want') client.want(one.type, one.more, one.less);
    else if (one.do === 'move') mesh.move(one.to);
    else if (one.do === 'pass') clock.advance(one.ms);
    else client.reconnect();
    await look();
  }
  // Until it answers, a client of the state-of-the-world dialect cannot say what it wants.
  client.acknowledge();
  await look();
  // What is still unanswered is waited for once per stage: upserts, listeners, then the rest.
  for (let i = 0; i < 10; i++) {
    for (let j = 0; client.waiting.length > 0; j++) {
      assert.ok(j < 100, 'responses come to an end');
      client.read('ack');
      await look();
    }
    clock.advance(1000);
    await look();
  }
  assert.equal(clock.pending, 0, 'nothing is waited for in the end');
  for (const one of client.types) {
    const there = new Map([...mesh.contents(mesh.scope, one)].filter(([held]) => client.asksFor(one, held)));
    const held = new Map(client.held(one));
    // The state-of-the-world dialect has no word for an assignment or a route that is gone, and some things stay.
    if (keptTypes.has(one) || (dialect === 'sotw' && !wholeStateTypes.has(one)))
      for (const gone of held.keys()) if (!there.has(gone)) held.delete(gone);
    assert.deepEqual(new Map([...held].sort()), new Map([...there].sort()), one);
  }
  client.close();
  assert.deepEqual(mesh.service.connections(), []);
}

describe('after any history a client holds what is there for it', () => {
  for (const dialect of ['delta', 'sotw'] as const)
    it(`in the ${dialect} dialect`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), (history) => follow(dialect, history)),
        { numRuns: 300 },
      ));
});
