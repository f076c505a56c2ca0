import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indent } from '../../../test/support/indent.ts';
import { objectIn } from '../../../test/support/objects.ts';
import { kubernetesRows } from '../../../test/support/rows.ts';
import type { Workload } from '../../model/workload.ts';

const pod = (spec: string, status: string, metadata = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: reviews-1\n  namespace: shop\n${indent(metadata, 2)}spec:\n  serviceAccountName: reviews\n${indent(spec, 2)}status:\n${indent(status, 2)}`;

const node = `apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: z1, topology.istio.io/subzone: s1}}
`;

const plain: Omit<Workload, 'origin'> = {
  registry: 'kubernetes',
  namespace: 'shop',
  name: 'reviews-1',
  kind: 'pod',
  addresses: ['10.1.0.1'],
  ports: {},
  labels: {},
  locality: { region: '', zone: '', subzone: '' },
  network: '',
  serviceAccount: 'reviews',
  weight: 1,
  health: 'unhealthy',
  nodeName: '',
  cluster: 'c1',
};

describe('the row of a Pod', () => {
  /** What differs from a Pod that has an address and nothing else; undefined when there is no row. */
  function check(
    name: string,
    {
      spec = '',
      status = 'podIP: 10.1.0.1',
      metadata = '',
    }: { readonly spec?: string; readonly status?: string; readonly metadata?: string },
    expected: Partial<Workload> | undefined,
  ): void {
    it(name, () => {
      const registry = kubernetesRows();
      const yaml = pod(spec, status, metadata);
      registry.apply(node);
      registry.apply(yaml);
      assert.deepEqual(registry.problems(), []);
      assert.deepEqual(
        Object.fromEntries(registry.rows('workload')),
        expected === undefined
          ? {}
          : { 'kubernetes/pod/shop/reviews-1': { ...plain, origin: objectIn(yaml).origin, ...expected } },
      );
    });
  }

  check('is its address and its account', {}, {});
  check(
    'has the addresses of both families',
    { status: 'podIP: 10.1.0.1\npodIPs: [{ip: 10.1.0.1}, {ip: "fd00::1"}]' },
    { addresses: ['10.1.0.1', 'fd00::1'] },
  );
  check('is none before there is an address', { status: 'phase: Pending' }, undefined);
  check('is none with an empty list of addresses', { status: 'podIPs: []' }, undefined);
  check('is none when it has run to its end', { status: 'podIP: 10.1.0.1\nphase: Succeeded' }, undefined);
  check('is none when it has failed', { status: 'podIP: 10.1.0.1\nphase: Failed' }, undefined);
  check(
    'is healthy when it is ready',
    { status: 'podIP: 10.1.0.1\nconditions: [{type: Initialized, status: "True"}, {type: Ready, status: "True"}]' },
    { health: 'healthy' },
  );
  check(
    'knows the numbers of named ports',
    {
      spec: 'containers: [{ports: [{name: http, containerPort: 8080}, {containerPort: 9090}]}, {ports: [{name: metrics, containerPort: 9}]}]',
    },
    { ports: { http: 8080, metrics: 9 } },
  );
  check(
    'is named after its Deployment',
    {
      metadata:
        'labels: {pod-template-hash: 5c8f}\nownerReferences: [{kind: ReplicaSet, name: reviews-v1-5c8f, controller: true}]',
    },
    { name: 'reviews-v1', labels: { 'pod-template-hash': '5c8f' } },
  );
  check(
    'is named after its StatefulSet',
    { metadata: 'ownerReferences: [{kind: StatefulSet, name: reviews, controller: true}]' },
    { name: 'reviews' },
  );
  check(
    'is where its node is',
    { spec: 'nodeName: n1' },
    { nodeName: 'n1', locality: { region: 'r1', zone: 'z1', subzone: 's1' } },
  );
  check(
    'is where its label says before that, dots for slashes',
    { spec: 'nodeName: n1', metadata: 'labels: {istio-locality: r2.z2}' },
    { nodeName: 'n1', labels: { 'istio-locality': 'r2.z2' }, locality: { region: 'r2', zone: 'z2', subzone: '' } },
  );
  check('has a name in DNS', { spec: 'hostname: a\nsubdomain: b' }, { dnsName: { hostname: 'a', subdomain: 'b' } });
  check('has none without a subdomain', { spec: 'hostname: a' }, {});
  check('is nowhere on a node that nobody knows', { spec: 'nodeName: n9' }, { nodeName: 'n9' });
  check(
    'is on the network of its label',
    { metadata: 'labels: {topology.istio.io/network: west}' },
    { labels: { 'topology.istio.io/network': 'west' }, network: 'west' },
  );
  check(
    'leaves what it does not know alone',
    {
      spec: 'containers: [{name: app, image: x, resources: {limits: {cpu: 1}}}]\nvolumes: []',
      status: 'podIP: 10.1.0.1\nqosClass: Burstable',
    },
    {},
  );
});

it('a Pod without an account has the default one', () => {
  const registry = kubernetesRows();
  registry.apply(pod('', 'podIP: 10.1.0.1').replace('  serviceAccountName: reviews\n', '  nodeName: n1\n'));
  assert.equal(registry.rows('workload').get('kubernetes/pod/shop/reviews-1')?.serviceAccount, 'default');
});

it('a Node that comes late, changes or goes moves its Pods', () => {
  const registry = kubernetesRows();
  const regions: (string | undefined)[] = [];
  const note = () => regions.push(registry.rows('workload').get('kubernetes/pod/shop/reviews-1')?.locality.region);
  registry.apply(pod('nodeName: n1', 'podIP: 10.1.0.1'));
  note();
  registry.apply(node);
  note();
  registry.apply(node.replace('region: r1', 'region: r2'));
  note();
  registry.remove(node);
  note();
  assert.deepEqual(regions, ['', 'r1', 'r2', '']);
});

it('a Pod that is wrong keeps its last good version', () => {
  const registry = kubernetesRows();
  registry.apply(pod('', 'podIP: 10.1.0.1'));
  registry.apply(pod('', 'podIP: [10.1.0.2]'));
  assert.deepEqual(registry.rows('workload').get('kubernetes/pod/shop/reviews-1')?.addresses, ['10.1.0.1']);
  assert.deepEqual(registry.problems(), [
    'test.yaml:9: Pod shop/reviews-1: status.podIP: expected a string, found a list [FW0004]',
  ]);
});

describe('the network of a Pod', () => {
  const system = (network: string, name = 'istio-system') =>
    `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {${network === '' ? '' : `topology.istio.io/network: ${network}`}}}`;
  const labelled = pod('', 'podIP: 10.1.0.1', 'labels: {topology.istio.io/network: own}\n');
  const plainPod = pod('', 'podIP: 10.1.0.1');

  function check(name: string, objects: readonly string[], network: string): void {
    it(name, () => {
      const registry = kubernetesRows();
      for (const object of objects) registry.apply(object);
      assert.deepEqual(
        [...registry.rows('workload').values()].map((row) => row.network),
        [network],
      );
    });
  }

  check('is what its label says', [system('east'), labelled], 'own');
  check('is else what the label of the system namespace says', [system('east'), plainPod], 'east');
  check('follows that label', [system('east'), plainPod, system('west')], 'west');
  check('is not known when nobody says it', [system('east'), plainPod, system('')], '');
  check('is not what another namespace says', [system('east', 'shop'), plainPod], '');
});
