import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indent } from '../../../test/support/indent.ts';
import { kubernetesRows } from '../../../test/support/rows.ts';
import type { Endpoint } from '../../model/endpoint.ts';

const slice = (body: string, labels = '{kubernetes.io/service-name: reviews}', name = 'reviews-a') =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: ${name}, namespace: shop, labels: ${labels}}\n${indent(body, 0)}`;

const pod = `apiVersion: v1
kind: Pod
metadata: {name: reviews-1, namespace: shop, labels: {version: v1, topology.istio.io/network: west}}
spec: {serviceAccountName: reviews, nodeName: n1}
status: {podIP: 10.1.0.1}
`;
const node = `apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: z1}}
`;

const plain: Endpoint = {
  address: '10.1.0.1',
  ports: { http: 8080 },
  health: 'healthy',
  labels: {},
  locality: { region: '', zone: '', subzone: '' },
  weight: 1,
  network: '',
  serviceAccount: '',
  nodeName: '',
  workload: '',
  namespace: 'shop',
  cluster: 'c1',
};
const onNode = { region: 'r1', zone: 'z1', subzone: '' };

/** The endpoints of the only shard, after objects came one after the other. */
function endpointsOf(...objects: readonly string[]): readonly Endpoint[] | undefined {
  const registry = kubernetesRows();
  for (const object of objects) registry.apply(object);
  const [shard] = registry.rows('endpointShard').values();
  return shard?.endpoints;
}

describe('the endpoints of an EndpointSlice', () => {
  /** What differs, for each endpoint, from one that is an address, a port and nothing else. */
  function check(name: string, body: string, expected: readonly Partial<Endpoint>[]): void {
    it(name, () => {
      assert.deepEqual(
        endpointsOf(slice(body)),
        expected.map((endpoint) => ({ ...plain, ...endpoint })),
      );
    });
  }
  const ports = 'ports: [{name: http, port: 8080, protocol: TCP}]\n';

  check(
    'are its addresses with its ports',
    `addressType: IPv4\n${ports}endpoints: [{addresses: [10.1.0.1]}, {addresses: [10.1.0.2]}]`,
    [{}, { address: '10.1.0.2' }],
  );
  check('are one for each address', `addressType: IPv4\n${ports}endpoints: [{addresses: [10.1.0.1, 10.1.0.2]}]`, [
    {},
    { address: '10.1.0.2' },
  ]);
  check('may be of the other family', `addressType: IPv6\n${ports}endpoints: [{addresses: ["fd00::1"]}]`, [
    { address: 'fd00::1' },
  ]);
  check('are none without endpoints', `addressType: IPv4\n${ports}`, []);
  check(
    'have ports by name, an unnamed one too',
    'addressType: IPv4\nports: [{port: 80}, {name: grpc, port: 90}]\nendpoints: [{addresses: [10.1.0.1]}]',
    [{ ports: { '': 80, grpc: 90 } }],
  );
  check(
    'have no ports for datagrams, and none without a number',
    'addressType: IPv4\nports: [{name: dns, port: 53, protocol: UDP}, {name: any}]\nendpoints: [{addresses: [10.1.0.1]}]',
    [{ ports: {} }],
  );
  check(
    'are on the node that the slice names',
    `addressType: IPv4\n${ports}endpoints: [{addresses: [10.1.0.1], nodeName: n7}]`,
    [{ nodeName: 'n7' }],
  );
});

describe('the name of an endpoint in DNS', () => {
  const body = (endpoint: string) =>
    slice(`addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [${endpoint}]`);
  const named = (names: string) => pod.replace('nodeName: n1', names);
  const inPod = '{addresses: [10.1.0.1], targetRef: {kind: Pod, name: reviews-1}}';

  function check(name: string, objects: readonly string[], hostname: string | undefined): void {
    it(name, () =>
      assert.deepEqual(
        endpointsOf(...objects)?.map((one) => one.hostname),
        [hostname],
      ),
    );
  }
  check('is what its slice says', [body('{addresses: [10.1.0.1], hostname: Reviews-1}')], 'reviews-1');
  check('is what its Pod says', [named('hostname: one, subdomain: reviews'), body(inPod)], 'one');
  check(
    'is what its slice says before that',
    [named('hostname: one, subdomain: reviews'), body(inPod.replace('}}', '}, hostname: two}'))],
    'two',
  );
  check(
    'is none when its Pod is named within another Service',
    [named('hostname: one, subdomain: x'), body(inPod)],
    undefined,
  );
  check('is none when its Pod is in no Service’s domain', [named('hostname: one'), body(inPod)], undefined);
  check('is none when nobody says', [body('{addresses: [10.1.0.1]}')], undefined);
  check(
    'is what an Endpoints object says',
    [
      'apiVersion: v1\nkind: Endpoints\nmetadata: {name: reviews, namespace: shop}\nsubsets: [{addresses: [{ip: 10.1.0.1, hostname: one}], ports: [{port: 80}]}]',
    ],
    'one',
  );
});

describe('the health of an endpoint', () => {
  function check(name: string, conditions: string | undefined, health: Endpoint['health'] | 'dropped'): void {
    it(name, () => {
      const all = conditions === undefined ? '' : `, conditions: {${conditions}}`;
      const found = endpointsOf(
        slice(`addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.1.0.1]${all}}]`),
      );
      assert.deepEqual(found?.map((endpoint) => endpoint.health) ?? [], health === 'dropped' ? [] : [health]);
    });
  }

  check('is good when nothing is said', undefined, 'healthy');
  check('is good when nothing is said of readiness', 'serving: true', 'healthy');
  check('is good when readiness is null', 'ready: null', 'healthy');
  check('is good when it is ready', 'ready: true, serving: true, terminating: false', 'healthy');
  check(
    'is good when it is ready while it ends, as for addresses that are published always',
    'ready: true, serving: true, terminating: true',
    'healthy',
  );
  check('is bad when it is not ready and stays', 'ready: false, serving: false, terminating: false', 'unhealthy');
  check('drains when it serves while it ends', 'ready: false, serving: true, terminating: true', 'draining');
  check('is over when it ends and does not serve', 'ready: false, serving: false, terminating: true', 'dropped');
  check('is over when it is not ready and nothing is said of its end', 'ready: false', 'dropped');
  check('drains when it serves and nothing is said of its end', 'ready: false, serving: true', 'draining');
});

describe('an endpoint and its Pod', () => {
  const body = (endpoint: string) =>
    slice(`addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [${endpoint}]`);
  const joined: Endpoint = {
    ...plain,
    labels: { version: 'v1', 'topology.istio.io/network': 'west' },
    locality: onNode,
    network: 'west',
    serviceAccount: 'reviews',
    nodeName: 'n1',
    workload: 'reviews-1',
  };
  const byName = body('{addresses: [10.1.0.1], targetRef: {kind: Pod, name: reviews-1, namespace: shop}}');
  function check(name: string, objects: readonly string[], expected: Endpoint): void {
    it(name, () => assert.deepEqual(endpointsOf(...objects), [expected]));
  }

  check('share labels, place, network, account and name', [node, pod, byName], joined);
  check('find each other in any order', [byName, pod, node], joined);
  check(
    'are in one namespace unless the slice says otherwise',
    [node, pod, body('{addresses: [10.1.0.1], targetRef: {kind: Pod, name: reviews-1}}')],
    joined,
  );
  check('find each other by address when the slice names no Pod', [node, pod, body('{addresses: [10.1.0.1]}')], joined);
  check('find each other by address in any order', [body('{addresses: [10.1.0.1]}'), pod, node], joined);
  check(
    'are strangers when the Pod is in another namespace',
    [node, pod.replace('namespace: shop', 'namespace: other'), body('{addresses: [10.1.0.1]}')],
    plain,
  );
  check(
    'are strangers when two Pods have the address',
    [node, pod, pod.replace('name: reviews-1', 'name: reviews-2'), body('{addresses: [10.1.0.1]}')],
    plain,
  );
  check(
    'are strangers when the Pod is on its node’s network',
    [node, pod.replace('nodeName: n1', 'nodeName: n1, hostNetwork: true'), body('{addresses: [10.1.0.1]}')],
    plain,
  );
  check(
    'are strangers when the Pod has run to its end',
    [node, pod.replace('podIP: 10.1.0.1', 'podIP: 10.1.0.1, phase: Failed'), body('{addresses: [10.1.0.1]}')],
    plain,
  );
  check(
    'need not find each other: the endpoint is served all the same',
    [node, body('{addresses: [10.1.0.1], targetRef: {kind: Pod, name: gone}, nodeName: n1}')],
    { ...plain, nodeName: 'n1', locality: onNode },
  );
  check(
    'do not look for what is no Pod',
    [
      node,
      pod.replace('10.1.0.1', '10.1.0.9'),
      body('{addresses: [10.1.0.1], targetRef: {kind: Node, name: reviews-1}}'),
    ],
    plain,
  );

  it('part when the Pod goes', () => {
    const registry = kubernetesRows();
    registry.apply(`${node}---\n${pod}---\n${byName}`);
    registry.remove(pod);
    const [shard] = registry.rows('endpointShard').values();
    assert.deepEqual(shard?.endpoints, [plain]);
  });

  it('change together', () => {
    const registry = kubernetesRows();
    registry.apply(`${node}---\n${pod}---\n${byName}`);
    registry.apply(pod.replace('version: v1', 'version: v2'));
    const [shard] = registry.rows('endpointShard').values();
    assert.equal(shard?.endpoints[0]?.labels.version, 'v2');
  });
});

describe('an EndpointSlice that stands for nothing', () => {
  function check(name: string, yaml: string, problem: string): void {
    it(name, () => {
      const registry = kubernetesRows();
      registry.apply(yaml);
      assert.deepEqual([...registry.rows('endpointShard')], []);
      assert.deepEqual(registry.problems(), [`test.yaml:${problem}`]);
    });
  }

  check(
    'belongs to no Service',
    slice('addressType: IPv4', '{a: b}'),
    '3: EndpointSlice shop/reviews-a: metadata.labels: expected the label kubernetes.io/service-name, found none; the slice belongs to no Service [FW0802]',
  );
  check(
    'holds DNS names',
    slice('addressType: FQDN\nendpoints: [{addresses: [a.example.com]}]'),
    '4: EndpointSlice shop/reviews-a: addressType: expected IPv4 or IPv6, found FQDN; a ServiceEntry can state endpoints by DNS name [FW0802]',
  );
});

describe('an EndpointSlice that is wrong keeps its last good version', () => {
  function check(name: string, body: string, problem: string): void {
    it(name, () => {
      const registry = kubernetesRows();
      registry.apply(
        slice('addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.1.0.1]}]'),
      );
      registry.apply(slice(body));
      const [shard] = registry.rows('endpointShard').values();
      assert.deepEqual(shard?.endpoints, [plain]);
      assert.deepEqual(registry.problems(), [`test.yaml:${problem}`]);
    });
  }

  check(
    'when an address is none',
    'addressType: IPv4\nendpoints: [{addresses: [10.1.0.256]}]',
    '5: EndpointSlice shop/reviews-a: endpoints[0].addresses[0]: expected an address of IPv4, found "10.1.0.256" [FW0802]',
  );
  check(
    'when an address is of the other family',
    'addressType: IPv4\nendpoints:\n- addresses: [10.1.0.1, "fd00::1"]',
    '6: EndpointSlice shop/reviews-a: endpoints[0].addresses[1]: expected an address of IPv4, found "fd00::1" [FW0802]',
  );
  check(
    'when it has an unknown field',
    'addressType: IPv4\nendpoint: []',
    '5: EndpointSlice shop/reviews-a: endpoint: expected a known field such as endpoints, found the unknown field endpoint [FW0003]',
  );
  check(
    'when an endpoint has no addresses',
    'addressType: IPv4\nendpoints: [{nodeName: n1}]',
    '5: EndpointSlice shop/reviews-a: endpoints[0]: expected the field addresses, found none [FW0006]',
  );
  check(
    'when a kind of address is unknown',
    'addressType: IPv5',
    '4: EndpointSlice shop/reviews-a: addressType: expected IPv4, IPv6 or FQDN, found "IPv5" [FW0802]',
  );
});

describe('the endpoints of an Endpoints object', () => {
  const legacy = (subset: string, name = 'reviews') =>
    `apiVersion: v1\nkind: Endpoints\nmetadata: {name: ${name}, namespace: shop}\nsubsets: [${subset}]\n`;
  const subset =
    '{ports: [{name: http, port: 8080}, {name: dns, port: 53, protocol: UDP}], addresses: [{ip: 10.1.0.1}], notReadyAddresses: [{ip: 10.1.0.2}]}';
  const both = [plain, { ...plain, address: '10.1.0.2', health: 'unhealthy' as const }];

  it('are those that are ready and those that are not', () => assert.deepEqual(endpointsOf(legacy(subset)), both));

  it('find their Pods by name or by address', () => {
    const named =
      '{ports: [{name: http, port: 8080}], addresses: [{ip: 10.1.0.1, targetRef: {kind: Pod, name: reviews-1}}]}';
    for (const text of [legacy(named), legacy(subset)])
      assert.equal(endpointsOf(node, pod, text)?.[0]?.workload, 'reviews-1');
  });

  it('stand back while the Service has a slice', () => {
    const registry = kubernetesRows();
    const newer = slice('addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.1.0.7]}]');
    const addresses = () =>
      [...registry.rows('endpointShard').values()].map(({ endpoints }) => endpoints.map(({ address }) => address));
    registry.apply(legacy(subset));
    const alone = addresses();
    registry.apply(newer);
    const replaced = addresses();
    registry.remove(newer);
    assert.deepEqual(
      [alone, replaced, addresses()],
      [[['10.1.0.1', '10.1.0.2']], [['10.1.0.7']], [['10.1.0.1', '10.1.0.2']]],
    );
  });

  it('go with the object', () => {
    const registry = kubernetesRows();
    registry.apply(legacy(subset));
    registry.remove(legacy(subset));
    assert.deepEqual([...registry.rows('endpointShard')], []);
  });

  it('keep their last good version when an address is none', () => {
    const registry = kubernetesRows();
    registry.apply(legacy(subset));
    registry.apply(legacy('{addresses: [{ip: here}]}'));
    const [shard] = registry.rows('endpointShard').values();
    assert.deepEqual(shard?.endpoints, both);
    assert.deepEqual(registry.problems(), [
      'test.yaml:4: Endpoints shop/reviews: subsets[0].addresses[0].ip: expected an IP address, found "here" [FW0802]',
    ]);
  });
});
