/** Kinds that are not there yet, vanish, or only seem to. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import type { Asked } from '../support/fault-proxy.ts';
import { create, definitionOf, kinds, marks, newName, three, type World } from '../support/fault-world.ts';
import * as faults from '../support/faults.ts';

const { virtualservices } = kinds;
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const isDefinition = ({ path }: Asked) => path.startsWith(`${definitions}/`);
const isRule = ({ resource }: Asked) => resource === 'virtualservices';

export function kindFaults(world: () => World): void {
  describe('kinds', () => {
    afterEach(() => world().proxy.heal());
    const state = (source: string = virtualservices.source) => world().mirror.freshness(source).state;

    test('that are served no more although they are defined keep their objects', async () => {
      const { proxy, mirror } = world();
      const { act, stays, goes } = await three(world(), mirror);
      proxy.inject({ on: isRule, answer: faults.fails(404, 'NotFound') });
      proxy.breakWatches(isRule);
      await act();
      await until(() => proxy.met > 12, { what: 'requests for the kind' });
      assert.equal(state(), 'stale');
      assert.match(
        await mirror.page('/ready'),
        /virtualservices\S+ since \S+ virtualservices\S+ is defined and not served yet/,
      );
      assert.deepEqual([marks(mirror, stays)[1], marks(mirror, goes)[1]], [1, 1]);
      assert.ok(!mirror.takeRemoved().some((name) => name.startsWith('VirtualService')));
      proxy.heal();
      await mirror.untilFresh();
      assert.deepEqual(marks(mirror, stays), [2, 2]);
    });

    test('whose definitions cannot be looked at keep their objects while a server is overloaded', async () => {
      const { proxy, mirror } = world();
      const { stays } = await three(world(), mirror);
      proxy.inject({ on: isDefinition, answer: faults.fails(500, 'InternalError') });
      proxy.inject({ on: isRule, answer: faults.fails(404, 'NotFound') });
      proxy.breakWatches(isRule);
      await until(() => proxy.met > 20, { what: 'requests for the kind' });
      assert.equal(state(), 'stale');
      assert.deepEqual(marks(mirror, stays), [1, 1]);
      proxy.heal();
      await mirror.untilFresh();
    });

    test('of which one version is served no more are read in another one', async () => {
      const { cluster, proxy, mirror } = world();
      const { act, stays, comes } = await three(world(), mirror);
      await act();
      await mirror.untilFresh();
      mirror.takeRemoved();
      await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(definitionOf('VirtualService', ['v1beta1'])));
      const isNotServed = () =>
        cluster.api('GET', virtualservices.path).then(
          () => false,
          () => true,
        );
      await until(isNotServed, { what: 'the version to go' });
      proxy.breakWatches(isRule);
      await until(() => proxy.asked.some(({ path }) => path.includes('v1beta1')), { what: 'another version' });
      await mirror.untilFresh();
      assert.deepEqual(
        [marks(mirror, stays), marks(mirror, comes)],
        [
          [2, 2],
          [1, 1],
        ],
      );
      assert.deepEqual(mirror.takeRemoved(), []);
      await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(definitionOf('VirtualService', ['v1', 'v1beta1'])));
      const isServed = () =>
        cluster.api('GET', virtualservices.path).then(
          () => true,
          () => false,
        );
      await until(isServed, { what: 'the version to be back' });
      await mirror.untilFresh();
    });

    test('that come later are read as soon as they are there', async () => {
      const { cluster, mirror } = world();
      const source = 'kubernetes/Kubernetes/destinationrules.networking.istio.io';
      assert.equal(state(source), 'absent');
      await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(definitionOf('DestinationRule', ['v1'])));
      await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s']);
      await cluster.api('POST', '/apis/networking.istio.io/v1/namespaces/shop/destinationrules', {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: 'reviews' },
        spec: { host: 'reviews' },
      });
      await mirror.untilFresh();
      await until(() => state(source) === 'live', { what: 'the kind to be live' });
      const { graph, mesh } = mirror.controlPlane;
      assert.deepEqual(
        [...graph.rows(mesh.tables.destinationRules)].map(([key]) => key),
        ['shop/reviews'],
      );
    });

    test('that vanish take their objects along, and leave others alone', async () => {
      const { cluster, mirror } = world();
      const { stays } = await three(world(), mirror);
      await cluster.api('DELETE', `${definitions}/virtualservices.networking.istio.io`);
      await until(() => state() === 'absent', { what: 'the kind to be gone', mostMs: 20_000 });
      await mirror.untilFresh();
      assert.deepEqual(marks(mirror, stays), [1, undefined]);
      assert.deepEqual([...new Set(mirror.takeRemoved().map((name) => name.split(' ')[0]))], ['VirtualService']);
      await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(definitionOf('VirtualService', ['v1', 'v1beta1'])));
      await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s']);
      const back = newName('back');
      await create(world(), back, 1);
      await mirror.untilFresh();
      assert.deepEqual(marks(mirror, back), [1, 1]);
      assert.equal(await mirror.page('/ready'), 'ready\n');
    });
  });
}
