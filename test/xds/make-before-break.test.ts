import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { clusterType, endpointType, listenerType, routeType } from '../../src/resource/types.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { type FakeMesh, fakeMesh, type ScopeName, scopes } from './support/fake-mesh.ts';
import { NaiveClient } from './support/naive-client.ts';
import { type Dialect, dialects } from './support/response.ts';

const clusters = ['a', 'b', 'c', 'd'] as const;

/** A mesh as of one commit: which clusters there are, in what version, and to which of them the routes refer. */
const state = fc
  .record({
    scope: fc.constantFrom(...scopes),
    there: fc.uniqueArray(fc.constantFrom(...clusters), { minLength: 1 }),
    referred: fc.uniqueArray(fc.constantFrom(...clusters)),
    version: fc.constantFrom('1', '2'),
  })
  .map(({ referred, ...rest }) => ({ ...rest, referred: referred.filter((name) => rest.there.includes(name)) }));
type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 3, arbitrary: state.map((to) => ({ do: 'commit' as const, to })) },
  { weight: 6, arbitrary: fc.constant({ do: 'read' as const }) },
  { weight: 1, arbitrary: fc.constantFrom(...scopes).map((to) => ({ do: 'move' as const, to })) },
  { weight: 1, arbitrary: fc.constant({ do: 'reconnect' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Routes and a listener whose versions spell the clusters that they refer to. */
function commit(mesh: FakeMesh, { scope, there, referred, version }: State): void {
  const versions = Object.fromEntries(clusters.map((name) => [name, there.includes(name) ? version : undefined]));
  const references = [...referred].sort().join('+');
  mesh.commit([
    { scope, type: routeType, versions: { 80: references } },
    { scope, type: listenerType, versions: { tcp: references } },
    { scope, type: clusterType, versions },
    { scope, type: endpointType, versions },
  ]);
}

function refersOnlyToWhatItHas(client: NaiveClient): void {
  for (const versions of [client.held(routeType), client.held(listenerType)])
    for (const references of versions.values())
      for (const name of references.split('+').filter((one) => one !== ''))
        for (const type of [clusterType, endpointType])
          assert.ok(client.held(type).has(name), `expected ${name} among ${type}, to which something refers`);
}

/** A client that reads at its own pace and acknowledges at once; time stands still, so that no patience ends. */
async function follow(dialect: Dialect, history: readonly Step[]): Promise<void> {
  const mesh = fakeMesh(fakeClock());
  for (const scope of scopes as readonly ScopeName[])
    commit(mesh, { scope, there: ['a', 'b'], referred: ['a'], version: '1' });
  const client = new NaiveClient(mesh.service, dialect);
  const read = async () => {
    client.read('ack');
    refersOnlyToWhatItHas(client);
    await turn();
  };
  for (const [type, names] of [
    [clusterType, []],
    [endpointType, clusters],
    [listenerType, []],
    [routeType, ['80']],
  ] as const) {
    client.want(type, names, []);
    await turn();
    while (client.waiting.length > 0) await read();
  }
  for (const one of history) {
    if (one.do === 'commit') commit(mesh, one.to);
    else if (one.do === 'move') mesh.move(one.to);
    else if (one.do === 'read') await read();
    // A control plane cannot know what a client of the other dialect holds from an earlier stream.
    else if (dialect === 'delta') client.reconnect();
    await turn();
  }
  while (client.waiting.length > 0) await read();
  for (const type of [clusterType, endpointType, listenerType, routeType])
    if (dialect === 'delta' || type === clusterType || type === listenerType)
      assert.deepEqual(new Map([...client.held(type)].sort()), new Map([...mesh.contents(mesh.scope, type)].sort()));
  client.close();
}

describe('nothing that a client holds ever refers to a cluster that it does not hold', () => {
  for (const dialect of dialects)
    it(`in the ${dialect} dialect`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), (history) => follow(dialect, history)),
        { numRuns: 300 },
      ));
});
