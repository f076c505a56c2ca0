import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeOf, objectIn, removalOf } from '../../test/support/objects.ts';
import { recordingSink } from '../../test/support/recording-sink.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { ObjectSink } from '../model/object-source.ts';
import { ClusterObjects } from './cluster-objects.ts';

interface Version {
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly uid?: string;
  readonly labels?: { readonly [name: string]: string };
  readonly status?: object;
}

/** An object at a version, as an API server would send it. */
function rule({ resourceVersion, generation = 1, uid = 'u', labels = {}, status }: Version): KubernetesObject {
  const object = objectIn('{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: a, namespace: shop}}');
  const { kind, namespace, name, value } = object;
  const metadata = { name, namespace, uid, generation, resourceVersion };
  return {
    ...object,
    labels,
    value: { ...value, metadata, ...(status === undefined ? {} : { status }) },
    origin: { kind, namespace, name, uid, generation },
  };
}

const key = 'networking.istio.io/Sidecar/shop/a';
const own = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' };
const foreign = { type: 'Healthy', status: 'True' };

describe('objects of a cluster', () => {
  /** Tells of versions one after the other; `p` where a version is passed on, `t` where listeners are told of it. */
  function check(name: string, versions: readonly Version[], expected: readonly string[]): void {
    it(name, () => {
      const { objects, deliver, passed, told } = tapped();
      const found = versions.map((version) => {
        passed.length = 0;
        told.length = 0;
        deliver(rule(version));
        return `${'p'.repeat(passed.length)}${'t'.repeat(told.length)}`;
      });
      assert.deepEqual(found, expected);
      assert.equal(objects.get(key)?.resourceVersion, versions.at(-1)?.resourceVersion);
    });
  }
  check('are passed on and told of', [{ resourceVersion: '1' }, { resourceVersion: '2', generation: 2 }], ['pt', 'pt']);
  check(
    'are not passed on when only our conditions differ',
    [
      { resourceVersion: '1' },
      { resourceVersion: '2', status: { conditions: [own] } },
      { resourceVersion: '3', status: { conditions: [{ ...own, status: 'False' }] } },
    ],
    ['pt', 't', 't'],
  );
  check(
    'are passed on when conditions of others differ',
    [
      { resourceVersion: '1', status: { conditions: [own] } },
      { resourceVersion: '2', status: { conditions: [own, foreign] } },
    ],
    ['pt', 'pt'],
  );
  check(
    'are passed on when labels differ',
    [{ resourceVersion: '1' }, { resourceVersion: '2', labels: { app: 'a' } }],
    ['pt', 'pt'],
  );
  check(
    'are passed on when they are others of the same name',
    [{ resourceVersion: '1' }, { resourceVersion: '2', uid: 'v' }],
    ['pt', 'pt'],
  );

  it('are passed on without our conditions', () => {
    const { deliver, passed, objects } = tapped();
    deliver(rule({ resourceVersion: '1', status: { conditions: [own, foreign] } }));
    assert.deepEqual(
      passed.map(({ value }) => value.status),
      [{ conditions: [foreign] }],
    );
    assert.deepEqual(objects.get(key)?.conditions, [own, foreign]);
  });

  it('are known as a write left them, of which nobody is told when it comes back', () => {
    const { deliver, passed, told, objects } = tapped();
    deliver(rule({ resourceVersion: '1' }));
    const after = rule({ resourceVersion: '2', status: { conditions: [own] } });
    objects.written(key, after.value);
    assert.deepEqual([objects.get(key)?.resourceVersion, objects.get(key)?.conditions], ['2', [own]]);
    deliver(after);
    assert.deepEqual([passed.length, told], [1, [key]]);
  });

  it('are not taken for an earlier one that a write was for', () => {
    const { deliver, objects } = tapped();
    deliver(rule({ resourceVersion: '3', uid: 'v' }));
    objects.written(key, rule({ resourceVersion: '2', status: { conditions: [own] } }).value);
    assert.equal(objects.get(key)?.resourceVersion, '3');
  });

  it('are forgotten when they are gone', () => {
    const { deliver, told, objects, remove } = tapped();
    deliver(rule({ resourceVersion: '1' }));
    remove();
    assert.deepEqual([[...objects.keys()], told], [[], [key, key]]);
  });

  it('of files and of other kinds pass', () => {
    const { deliver, passed, told, objects } = tapped();
    deliver(objectIn('{apiVersion: v1, kind: Service, metadata: {name: a}}'));
    deliver(objectIn('{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: a}}'));
    assert.deepEqual([passed.length, told, [...objects.keys()]], [2, [], []]);
  });
});

function tapped() {
  const objects = new ClusterObjects();
  const passed: KubernetesObject[] = [];
  const told: string[] = [];
  objects.watch((changed) => told.push(changed));
  let sink: ObjectSink | undefined;
  const source = objects.tap({
    name: 'rules',
    run: async (given) => {
      sink = given;
    },
  });
  const target: ObjectSink = {
    ...recordingSink(),
    apply: (changes) => passed.push(...changes.flatMap(({ object }) => object ?? [])),
  };
  void source.run(target, new AbortController().signal);
  return {
    objects,
    passed,
    told,
    deliver: (object: KubernetesObject) => sink?.apply([changeOf(object)]),
    remove: () => sink?.apply([removalOf(rule({ resourceVersion: '9' }))]),
  };
}
