/** Which rows change when objects come, change and go. What the rows hold is told beside what makes them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KubernetesRows, kubernetesRows } from '../../../test/support/rows.ts';
import { isKubernetesKind } from './registry.ts';

const service = (name: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {ports: [{port: 80}]}\n`;
const slice = (name: string, of: string, ...addresses: readonly string[]) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: ${name}, namespace: shop, labels: {kubernetes.io/service-name: ${of}}}\naddressType: IPv4\nendpoints:\n${addresses.map((address) => `- {addresses: [${address}], targetRef: {kind: Pod, name: pod-${address.split('.').at(-1)}}}\n`).join('')}`;
const pod = (number: number, version = 'v1') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: pod-${number}, namespace: shop, labels: {version: ${version}}}\nspec: {nodeName: n1}\nstatus: {podIP: 10.1.0.${number}}\n`;
const node = (zone: string) =>
  `apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {topology.kubernetes.io/zone: ${zone}}}\n`;
const namespace = (labels: string, annotations = '{}') =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: ${labels}, annotations: ${annotations}}\n`;

const shard = (name: string, of: string) => `endpointShard/kubernetes/shop/${name}/${of}.shop.svc.cluster.local`;

describe('the rows that change', () => {
  /** The changes of the last step alone. */
  function check(
    name: string,
    start: readonly string[],
    step: (registry: KubernetesRows) => void,
    changes: readonly string[],
  ): void {
    it(name, () => {
      const registry = kubernetesRows();
      for (const yaml of start) registry.apply(yaml);
      registry.takeChanges();
      step(registry);
      assert.deepEqual(registry.takeChanges(), changes);
    });
  }

  check('are one for a Service', [], (registry) => registry.apply(service('reviews')), [
    'put service/kubernetes/shop/reviews/reviews.shop.svc.cluster.local',
  ]);
  check(
    'are one for a slice, though its Service is not there yet',
    [],
    (registry) => registry.apply(slice('a', 'reviews', '10.1.0.1')),
    [`put ${shard('a', 'reviews')}`],
  );
  check(
    'are none for a slice that is the same',
    [slice('a', 'reviews', '10.1.0.1')],
    (registry) => registry.apply(slice('a', 'reviews', '10.1.0.1')),
    [],
  );
  check(
    'are one when a slice goes',
    [slice('a', 'reviews', '10.1.0.1')],
    (registry) => registry.remove(slice('a', 'reviews')),
    [`remove ${shard('a', 'reviews')}`],
  );
  check(
    'are none when a slice goes that was never there',
    [],
    (registry) => registry.remove(slice('a', 'reviews')),
    [],
  );
  check(
    'are two when a slice moves to another Service',
    [slice('a', 'reviews', '10.1.0.1')],
    (registry) => registry.apply(slice('a', 'ratings', '10.1.0.1')),
    [`remove ${shard('a', 'reviews')}`, `put ${shard('a', 'ratings')}`],
  );
  check(
    'are one when a slice that has moved goes',
    [slice('a', 'reviews', '10.1.0.1'), slice('a', 'ratings', '10.1.0.1')],
    (registry) => registry.remove(slice('a', 'ratings')),
    [`remove ${shard('a', 'ratings')}`],
  );
  check(
    'are one when a slice loses its Service',
    [slice('a', 'reviews', '10.1.0.1')],
    (registry) => registry.apply(slice('a', '""', '10.1.0.1')),
    [`remove ${shard('a', 'reviews')}`],
  );
  check(
    'are one when a slice comes back',
    [slice('a', 'reviews', '10.1.0.1')],
    (registry) => {
      registry.remove(slice('a', 'reviews'));
      registry.takeChanges();
      registry.apply(slice('a', 'reviews', '10.1.0.1'));
    },
    [`put ${shard('a', 'reviews')}`],
  );
  check(
    'are those of a Pod and of the slice that names it',
    [slice('a', 'reviews', '10.1.0.1'), slice('b', 'ratings', '10.1.0.2')],
    (registry) => registry.apply(pod(1)),
    ['put workload/kubernetes/pod/shop/pod-1', `put ${shard('a', 'reviews')}`],
  );
  check(
    'are those of one Pod when one changes',
    [slice('a', 'reviews', '10.1.0.1'), slice('b', 'ratings', '10.1.0.2'), pod(1), pod(2)],
    (registry) => registry.apply(pod(2, 'v2')),
    ['put workload/kubernetes/pod/shop/pod-2', `put ${shard('b', 'ratings')}`],
  );
  check(
    'are those of all Pods on a Node',
    [slice('a', 'reviews', '10.1.0.1'), pod(1), pod(2)],
    (registry) => registry.apply(node('z1')),
    [
      'put workload/kubernetes/pod/shop/pod-1',
      'put workload/kubernetes/pod/shop/pod-2',
      `put ${shard('a', 'reviews')}`,
    ],
  );
  check('are one for a Namespace', [], (registry) => registry.apply(namespace('{team: red}')), [
    'put namespace/kubernetes/shop',
  ]);
  check('are one when a Namespace goes', [namespace('{team: red}')], (registry) => registry.remove(namespace('{}')), [
    'remove namespace/kubernetes/shop',
  ]);
});

it('objects that come in any order yield the same rows', () => {
  const all = [
    service('reviews'),
    slice('a', 'reviews', '10.1.0.1', '10.1.0.2'),
    pod(1),
    pod(2),
    node('z1'),
    namespace('{team: red}'),
  ];
  const rowsAfter = (order: readonly string[]) => {
    const registry = kubernetesRows();
    for (const yaml of order) registry.apply(yaml);
    return (['service', 'endpointShard', 'workload', 'namespace'] as const).map(
      (table) => new Map(registry.rows(table)),
    );
  };
  const expected = rowsAfter(all);
  assert.deepEqual(rowsAfter([...all].reverse()), expected);
  assert.deepEqual(rowsAfter([...all.slice(3), ...all.slice(0, 3)]), expected);
});

it('a Namespace has labels, and its traffic distribution by annotation', () => {
  const registry = kubernetesRows();
  registry.apply(namespace('{team: red}', '{networking.istio.io/traffic-distribution: PreferClose}'));
  assert.deepEqual(
    [...registry.rows('namespace').values()],
    [{ registry: 'kubernetes', name: 'shop', labels: { team: 'red' }, trafficDistribution: 'PreferClose' }],
  );
});

describe('a kind of object', () => {
  function check(name: string, group: string, kind: string, expected: boolean): void {
    it(name, () => assert.equal(isKubernetesKind({ group, kind }), expected));
  }

  check('is read in the core of Kubernetes', '', 'Service', true);
  check('is read among slices', 'discovery.k8s.io', 'EndpointSlice', true);
  check('is not read in another group', 'acme.io', 'Service', false);
  check('is not read when it says nothing of traffic', '', 'PersistentVolume', false);
});
