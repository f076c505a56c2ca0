import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indent } from '../../../test/support/indent.ts';
import { objectIn } from '../../../test/support/objects.ts';
import { kubernetesRows } from '../../../test/support/rows.ts';
import type { Service } from '../../model/service.ts';

const text = (spec: string, metadata = '') =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: reviews\n  namespace: shop\n${indent(metadata, 2)}spec:\n${indent(spec, 2)}`;

const plain: Omit<Service, 'origin'> = {
  registry: 'kubernetes',
  hostname: 'reviews.shop.svc.cluster.local',
  namespace: 'shop',
  name: 'reviews',
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  addresses: [],
  resolution: 'static',
  isExternal: false,
  isHeadless: false,
  createdAt: 0,
  labels: {},
};

describe('the row of a Service', () => {
  /** What differs from a Service that has one port and nothing else. */
  function check(name: string, spec: string, expected: Partial<Service>, metadata = ''): void {
    it(name, () => {
      const registry = kubernetesRows();
      const yaml = text(spec.includes('ports:') ? spec : `${indent(spec, 0)}ports: [{name: http, port: 80}]`, metadata);
      registry.apply(yaml);
      assert.deepEqual(registry.problems(), []);
      assert.deepEqual(
        [...registry.rows('service')],
        [
          [
            'kubernetes/shop/reviews/reviews.shop.svc.cluster.local',
            { ...plain, origin: objectIn(yaml).origin, ...expected },
          ],
        ],
      );
    });
  }

  check('is its host, its ports and its virtual address', 'clusterIP: 10.0.0.1', { addresses: ['10.0.0.1'] });
  check(
    'has the addresses of both families, the first one first',
    'clusterIP: 10.0.0.1\nclusterIPs: [10.0.0.1, "fd00::1"]',
    {
      addresses: ['10.0.0.1', 'fd00::1'],
    },
  );
  check('is reached from outside by what its nodes were given', 'externalIPs: [1.1.1.1, 1.1.1.1, "FD00::1"]', {
    external: { addresses: ['1.1.1.1', 'fd00::1'] },
  });
  check('has no address before one is given', 'clusterIP: ""', {});
  check('passes connections through when it is headless', 'clusterIP: None', {
    resolution: 'passthrough',
    isHeadless: true,
  });
  check('is headless by its list of addresses too', 'clusterIPs: [None]', {
    resolution: 'passthrough',
    isHeadless: true,
  });
  check('is an alias when its name is elsewhere', 'type: ExternalName\nexternalName: API.example.com', {
    resolution: 'alias',
    aliasOf: 'api.example.com',
  });
  check('has no address as an alias', 'type: ExternalName\nexternalName: a.b.svc.cluster.local\nclusterIP: 10.0.0.1', {
    resolution: 'alias',
    aliasOf: 'a.b.svc.cluster.local',
  });
  check(
    'may point to another alias, which the mesh follows',
    'type: ExternalName\nexternalName: reviews.shop.svc.cluster.local',
    {
      resolution: 'alias',
      aliasOf: 'reviews.shop.svc.cluster.local',
    },
  );
  check(
    'is old from its creationTimestamp on',
    'clusterIP: 10.0.0.1',
    { addresses: ['10.0.0.1'], createdAt: Date.UTC(2026, 0, 2) },
    'creationTimestamp: 2026-01-02T00:00:00Z',
  );
  check('has the labels of the object', '', { labels: { app: 'reviews' } }, 'labels: {app: reviews}');
  check('selects WorkloadEntries, since its pods come by slice', 'selector: {app: reviews}', {
    selector: { app: 'reviews' },
    selects: 'workload-entries',
  });
  check('selects nothing with an empty selector', 'selector: {}', {});
  check('keeps to the node when it says so', 'internalTrafficPolicy: Local', { isNodeLocal: true });
  check('keeps to no node otherwise', 'internalTrafficPolicy: Cluster', {});
  check('publishes addresses that are not ready when it says so', 'publishNotReadyAddresses: true', {
    publishNotReadyAddresses: true,
  });
  check(
    'takes no notice of how sessions and nodes are treated elsewhere',
    'type: LoadBalancer\nsessionAffinity: ClientIP\nexternalTrafficPolicy: Local\nloadBalancerSourceRanges: [10.0.0.0/8]',
    {},
  );
  check(
    'is visible where its annotation says',
    '',
    { exportTo: ['.', 'front'] },
    'annotations: {networking.istio.io/exportTo: "., front"}',
  );
  check(
    'is visible as the mesh says with an empty annotation',
    '',
    {},
    'annotations: {networking.istio.io/exportTo: ""}',
  );
  check('is visible nowhere with ~', '', { exportTo: ['~'] }, 'annotations: {networking.istio.io/exportTo: "~"}');
});

describe('the traffic distribution of a Service', () => {
  function check(name: string, spec: string, annotation: string, expected: string | undefined): void {
    it(name, () => {
      const registry = kubernetesRows();
      registry.apply(text(`${spec}\nports: [{port: 80}]`, `annotations: {x: y${annotation}}`));
      const [row] = registry.rows('service').values();
      assert.equal(row?.trafficDistribution, expected);
    });
  }
  const annotation = ', networking.istio.io/traffic-distribution: PreferClose';

  check('is unset when nobody says anything', '', '', undefined);
  check('is that of the specification', 'trafficDistribution: PreferSameZone', '', 'PreferSameZone');
  check('is that of the annotation otherwise', '', annotation, 'PreferClose');
  check(
    'is that of the specification before the annotation',
    'trafficDistribution: PreferSameNode',
    annotation,
    'PreferSameNode',
  );
  check('is none, and not the namespace’s, for a name that nobody knows', 'trafficDistribution: PreferFar', '', 'any');
});

describe('a port of a Service', () => {
  function check(name: string, port: string, expected: Service['ports'][number]): void {
    it(name, () => {
      const registry = kubernetesRows();
      registry.apply(text(`ports: [${port}]`));
      const [row] = registry.rows('service').values();
      assert.deepEqual(row?.ports, [expected]);
    });
  }

  check('speaks what its name says', '{name: grpc-api, port: 1}', { number: 1, name: 'grpc-api', protocol: 'GRPC' });
  check('speaks what its appProtocol says before that', '{name: http, port: 1, appProtocol: tcp}', {
    number: 1,
    name: 'http',
    protocol: 'TCP',
  });
  check('speaks HTTP/2 as Kubernetes calls it', '{name: x, port: 1, appProtocol: kubernetes.io/h2c}', {
    number: 1,
    name: 'x',
    protocol: 'HTTP2',
  });
  check(
    'speaks anything with an appProtocol that nobody knows, whatever its name',
    '{name: http, port: 1, appProtocol: acme.com/x}',
    { number: 1, name: 'http', protocol: 'auto' },
  );
  check('speaks anything without name and appProtocol', '{port: 1}', { number: 1, name: '', protocol: 'auto' });
  check('speaks bytes where servers speak first', '{port: 3306}', { number: 3306, name: '', protocol: 'TCP' });
  check('of datagrams is none for Envoy', '{name: http, port: 1, protocol: UDP}', {
    number: 1,
    name: 'http',
    protocol: 'UDP',
  });
  check('leads to the same port at the workload', '{name: http, port: 80}', {
    number: 80,
    name: 'http',
    protocol: 'HTTP',
  });
  check('leads to another port', '{name: http, port: 80, targetPort: 8080}', {
    number: 80,
    name: 'http',
    protocol: 'HTTP',
    targetPort: 8080,
  });
  check('leads to a port of the workload by its name', '{name: http, port: 80, targetPort: web}', {
    number: 80,
    name: 'http',
    protocol: 'HTTP',
    targetPort: 'web',
  });
  check('leads to a number in quotes as to a number', '{name: http, port: 80, targetPort: "8080"}', {
    number: 80,
    name: 'http',
    protocol: 'HTTP',
    targetPort: 8080,
  });
});

describe('a Service that is wrong', () => {
  /** Its first version is good, its second one wrong. */
  function check(name: string, spec: string, problem: string): void {
    it(name, () => {
      const registry = kubernetesRows();
      registry.apply(text('clusterIP: 10.0.0.1\nports: [{port: 80}]'));
      const before = [...registry.rows('service')];
      registry.apply(text(spec));
      assert.deepEqual(registry.problems(), [problem]);
      assert.deepEqual([...registry.rows('service')], before);
    });
  }
  const at = (line: number, rest: string) => `test.yaml:${line}: Service shop/reviews: ${rest}`;

  check(
    'keeps its last good version with an unknown field',
    'port: 80',
    at(7, 'spec.port: expected a known field such as ports, found the unknown field port [FW0003]'),
  );
  check(
    'keeps it with a port that is no number',
    'ports: [{port: http}]',
    at(7, 'spec.ports[0].port: expected a whole number from 0 to 65535, found "http" [FW0004]'),
  );
  check(
    'keeps it with port 0',
    'ports:\n- port: 0',
    at(8, 'spec.ports[0].port: expected a port from 1 to 65535, found 0 [FW0801]'),
  );
  check(
    'keeps it with an address that is none',
    'clusterIP: nowhere',
    at(7, 'spec.clusterIP: expected an IP address or None, found "nowhere" [FW0801]'),
  );
  check(
    'keeps it with a second address that is none',
    'clusterIPs: [10.0.0.1, 10.0.0.256]',
    at(7, 'spec.clusterIPs[1]: expected an IP address or None, found "10.0.0.256" [FW0801]'),
  );
  check(
    'keeps it as an alias without a name',
    'type: ExternalName',
    at(6, 'spec: expected externalName for a Service of type ExternalName, found none [FW0801]'),
  );
});

describe('a Service that is odd is used, and it is said what is odd', () => {
  function check(name: string, ports: string, problem: string): void {
    it(name, () => {
      const registry = kubernetesRows();
      registry.apply(text(`ports: ${ports}`));
      assert.deepEqual(registry.problems(), [`test.yaml:7: Service shop/reviews: ${problem}`]);
      assert.equal(registry.rows('service').size, 1);
    });
  }

  check(
    'when several ports have no name',
    '[{name: http, port: 80}, {port: 81}]',
    'spec.ports[1]: expected a name for each of several ports, found none [FW0801]',
  );
  check(
    'when ports share a name',
    '[{name: http, port: 80}, {name: http, port: 81}]',
    'spec.ports[1].name: expected each name once, found http again [FW0801]',
  );
  check(
    'when ports share a number',
    '[{name: a, port: 80}, {name: b, port: 80}]',
    'spec.ports[1].port: expected each port once, found 80 again [FW0801]',
  );
  check(
    'when a target is a number in quotes',
    '[{port: 80, targetPort: "8080"}]',
    'spec.ports[0].targetPort: expected a number, found 8080 in quotes; it is taken for one [FW0801]',
  );
});

it('a Service that is deleted takes its row and its problems with it', () => {
  const registry = kubernetesRows();
  registry.apply(text('ports: [{port: 80}]'));
  registry.apply(text('ports: 80'));
  registry.remove(text('ports: 80'));
  assert.deepEqual([[...registry.rows('service')], registry.problems()], [[], []]);
});

describe('a Service is reached from outside', () => {
  const balancer = (type: string, ingress: string) =>
    `${text(`type: ${type}\nports: [{name: http, port: 80, nodePort: 30080}]`)}status: {loadBalancer: {ingress: ${ingress}}}`;
  const onNodes = (selector: string) =>
    text(
      'type: NodePort\nports: [{name: http, port: 80, nodePort: 30080}, {name: tls, port: 443}]',
      `annotations: {traffic.istio.io/nodeSelector: '${selector}'}\n`,
    );
  const node = (name: string, type: string, address: string) =>
    `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}, labels: {edge: "${name}"}}\nstatus: {addresses: [{type: Hostname, address: n}, {type: ${type}, address: ${address}}]}`;

  function check(name: string, objects: readonly string[], external: Service['external']): void {
    it(name, () => {
      const registry = kubernetesRows();
      for (const object of objects) registry.apply(object);
      assert.deepEqual(registry.problems(), []);
      assert.deepEqual(
        [...registry.rows('service').values()].map((row) => row.external),
        [external],
      );
    });
  }

  check('by its load balancer', [balancer('LoadBalancer', '[{ip: 1.1.1.1}, {hostname: LB.example.com}]')], {
    addresses: ['1.1.1.1', 'lb.example.com'],
  });
  check('not before its load balancer is there', [balancer('LoadBalancer', '[]')], undefined);
  check('not by a load balancer that it has no more', [balancer('ClusterIP', '[{ip: 1.1.1.1}]')], undefined);
  const nodes = [
    node('one', 'ExternalIP', '2.2.2.1'),
    node('two', 'ExternalIP', '2.2.2.2'),
    node('three', 'InternalIP', '3.3.3.3'),
  ];
  const ports = { 80: 30080 };
  check('by the nodes that it chooses', [...nodes, onNodes('{"edge":"two"}')], { addresses: ['2.2.2.2'], ports });
  check('by all nodes with an address', [...nodes, onNodes('{}')], { addresses: ['2.2.2.1', '2.2.2.2'], ports });
  check('by nodes that come later', [onNodes('{"edge":"one"}'), ...nodes], { addresses: ['2.2.2.1'], ports });
  check('by no node without an address', [...nodes, onNodes('{"edge":"three"}')], undefined);
  check('by no node when it is not said which', [...nodes, onNodes('edge: one')], undefined);
});
