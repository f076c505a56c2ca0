import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { clusterType, endpointType, routeType, type TypeUrl } from '../../src/resource/types.ts';
import { Subscriptions } from '../../src/xds/subscription.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { type FakeCall, type FakeMesh, fakeCall, fakeMesh } from './support/fake-mesh.ts';
import { type Dialect, dialects } from './support/response.ts';

const node = { id: 'sidecar~10.0.0.1~web.shop~shop.svc.cluster.local' };

/** A mesh with some clusters and assignments. */
function world(): FakeMesh {
  const mesh = fakeMesh(fakeClock());
  const versions = { a: '1', b: '1', c: '1' };
  for (const scope of ['here', 'there'] as const)
    mesh.commit([clusterType, endpointType, routeType].map((type) => ({ scope, type, versions })));
  return mesh;
}

function subscribed(mesh: FakeMesh, dialect: Dialect, type: TypeUrl, names: readonly string[]): FakeCall {
  const call = fakeCall(mesh.service, dialect);
  const asked = [...names];
  call.request({ node, typeUrl: type, resourceNames: asked, resourceNamesSubscribe: asked });
  return call;
}

function ack(call: FakeCall, dialect: Dialect, names: readonly string[]): void {
  const { type, nonce } = call.next() ?? { type: '', nonce: '' };
  call.request({ typeUrl: type, responseNonce: nonce, ...(dialect === 'sotw' ? { resourceNames: [...names] } : {}) });
}

for (const dialect of dialects)
  describe(`streams of the ${dialect} dialect get the very same bytes`, () => {
    /** Whether the last frames of two streams are one object. */
    const check = (
      name: string,
      steps: (mesh: FakeMesh) => Promise<readonly [FakeCall, FakeCall]>,
      isSame: boolean,
    ): void =>
      void it(name, async () => {
        const [one, other] = await steps(world());
        await turn();
        const [frame, another] = [one.frames.at(-1), other.frames.at(-1)];
        assert.ok(frame !== undefined && another !== undefined);
        assert.equal(frame === another, isSame);
      });

    check(
      'when they ask for all',
      async (mesh) => [subscribed(mesh, dialect, clusterType, []), subscribed(mesh, dialect, clusterType, [])],
      true,
    );

    check(
      'when they ask for the same names in any order',
      async (mesh) => [
        subscribed(mesh, dialect, endpointType, ['a', 'b']),
        subscribed(mesh, dialect, endpointType, ['b', 'a']),
      ],
      true,
    );

    check(
      'but not when they ask for other names',
      async (mesh) => [
        subscribed(mesh, dialect, endpointType, ['a', 'b']),
        subscribed(mesh, dialect, endpointType, ['a', 'c']),
      ],
      false,
    );

    check(
      'when something changes that both have',
      async (mesh) => {
        const calls = [
          ['a', 'b'],
          ['a', 'b'],
        ].map((names) => subscribed(mesh, dialect, endpointType, names));
        await turn();
        for (const call of calls) ack(call, dialect, ['a', 'b']);
        mesh.commit([{ scope: 'here', type: endpointType, versions: { a: '2' } }]);
        return calls as [FakeCall, FakeCall];
      },
      true,
    );

    check(
      'though one of them has come later',
      async (mesh) => {
        const one = subscribed(mesh, dialect, endpointType, ['a', 'b']);
        await turn();
        ack(one, dialect, ['a', 'b']);
        mesh.commit([{ scope: 'here', type: endpointType, versions: { a: '2' } }]);
        await turn();
        ack(one, dialect, ['a', 'b']);
        const other = subscribed(mesh, dialect, endpointType, ['a', 'b']);
        await turn();
        ack(other, dialect, ['a', 'b']);
        mesh.commit([{ scope: 'here', type: endpointType, versions: { b: '2' } }]);
        return [one, other];
      },
      true,
    );

    check(
      'again when one that fell behind has caught up',
      async (mesh) => {
        const calls = [['a'], ['a']].map((names) => subscribed(mesh, dialect, endpointType, names));
        const [one, slow] = calls as [FakeCall, FakeCall];
        await turn();
        ack(one, dialect, ['a']);
        mesh.commit([{ scope: 'here', type: endpointType, versions: { a: '2' } }]);
        await turn();
        ack(one, dialect, ['a']);
        ack(slow, dialect, ['a']);
        await turn();
        ack(slow, dialect, ['a']);
        mesh.commit([{ scope: 'here', type: endpointType, versions: { a: '3' } }]);
        return [one, slow];
      },
      true,
    );

    check(
      'when what they have is removed',
      async (mesh) => {
        const calls = [[], []].map((names) => subscribed(mesh, dialect, clusterType, names));
        await turn();
        for (const call of calls) ack(call, dialect, []);
        mesh.commit([{ scope: 'here', type: clusterType, versions: { a: undefined } }]);
        return calls as [FakeCall, FakeCall];
      },
      true,
    );

    check(
      'when the mesh sees both differently',
      async (mesh) => {
        const calls = [[], []].map((names) => subscribed(mesh, dialect, clusterType, names));
        await turn();
        for (const call of calls) ack(call, dialect, []);
        mesh.commit([{ scope: 'there', type: clusterType, versions: { a: '2', b: undefined } }]);
        mesh.move('there');
        return calls as [FakeCall, FakeCall];
      },
      true,
    );
  });

it('a response that one stream gets twice has a nonce of its own each time', async () => {
  const mesh = world();
  const call = subscribed(mesh, 'delta', endpointType, ['a', 'b']);
  await turn();
  const nonces: (string | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    ack(call, 'delta', []);
    call.request({ typeUrl: endpointType, resourceNamesSubscribe: ['a'] });
    await turn();
    nonces.push(call.waiting[0]?.nonce);
  }
  assert.equal(new Set(nonces).size, 3);
});

it('an error while a stream is served ends that stream, and is logged', async () => {
  const logged: unknown[] = [];
  const mesh = fakeMesh(fakeClock(), {
    error: (message, { error } = {}) => logged.push([message, (error as Error).message]),
  });
  mesh.commit([{ scope: 'here', type: clusterType, versions: { a: '1' } }]);
  const [good, bad] = [subscribed(mesh, 'delta', clusterType, []), subscribed(mesh, 'delta', endpointType, ['a'])];
  await turn();
  ack(good, 'delta', []);
  ack(bad, 'delta', []);
  mesh.commit([
    { scope: 'here', type: endpointType, versions: { a: 'spoiled' } },
    { scope: 'here', type: clusterType, versions: { a: '2' } },
  ]);
  await turn();
  assert.deepEqual(
    [good.frames.length, good.ended, bad.ended, logged, mesh.service.connections().length],
    [2, undefined, { code: 13, message: 'internal error' }, [['a stream failed', 'spoiled']], 1],
  );
});

it('subscriptions that no stream holds any more are forgotten', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const subscriptions = new Subscriptions();
  const held = subscriptions.firstDelta(['kept'], [], false);
  for (let i = 0; i < 1000; i++) subscriptions.nextDelta(subscriptions.firstDelta([`a${i}`], [], false), [`b${i}`], []);
  await until(
    () => {
      collectGarbage();
      return subscriptions.size <= 2;
    },
    { what: 'all but one subscription to be forgotten' },
  );
  assert.equal(subscriptions.firstSotw(['kept'], false), held);
});
