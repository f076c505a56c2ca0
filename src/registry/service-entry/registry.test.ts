import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indent } from '../../../test/support/indent.ts';
import { objectIn } from '../../../test/support/objects.ts';
import type { RowOf } from '../../../test/support/rows.ts';
import type { Config } from '../../config/config.ts';
import { decodeConfig } from '../../config/decode.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Problem } from '../../model/problem.ts';
import type { Service } from '../../model/service.ts';
import type { Workload } from '../../model/workload.ts';
import type { RegistryChange } from '../registry.ts';
import { VirtualAddresses } from '../virtual-addresses.ts';
import { ServiceEntryRegistry } from './registry.ts';

const header = (kind: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: {name: outside, namespace: shop, labels: {team: red}, creationTimestamp: 2026-01-02T00:00:00Z}\n`;

const errorsIn = (problems: readonly Problem[]) => problems.filter(({ severity }) => severity === 'error');

function serviceEntry(spec: string, rest = '') {
  const { config, problems } = decodeConfig(
    'ServiceEntry',
    objectIn(`${header('ServiceEntry')}spec:\n${indent(spec, 2)}${rest}`),
  );
  assert.deepEqual(errorsIn(problems), []);
  return config;
}

function workloadEntry(spec: string) {
  const { config, problems } = decodeConfig(
    'WorkloadEntry',
    objectIn(`${header('WorkloadEntry')}spec:\n${indent(spec, 2)}`),
  );
  assert.deepEqual(errorsIn(problems), []);
  return config;
}

function rowsOf<Name extends RegistryChange['table']>(name: Name, changes: readonly RegistryChange[]) {
  const rows: readonly unknown[] = changes.flatMap(({ table, row }) =>
    table === name && row !== undefined ? [row] : [],
  );
  return rows as readonly RowOf<Name>[];
}

const origin = (kind: string) => ({ kind, namespace: 'shop', name: 'outside', file: 'test.yaml', line: 1 });
const withoutLines = <Row extends { readonly origin: { readonly lines?: unknown } }>({
  origin: { lines: _, ...rest },
  ...row
}: Row) => ({ ...row, origin: rest });

const plainService = {
  registry: 'service-entry',
  hostname: 'api.example.com',
  namespace: 'shop',
  name: 'outside',
  ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
  addresses: [],
  resolution: 'passthrough',
  isExternal: true,
  isHeadless: false,
  createdAt: Date.UTC(2026, 0, 2),
  labels: { team: 'red' },
  origin: origin('ServiceEntry'),
} as const;

describe('the service rows of a ServiceEntry', () => {
  /** What differs, for each row, from one that has a host and a port and nothing else. */
  function check(name: string, spec: string, expected: readonly Partial<Service>[], rest = ''): void {
    it(name, () => {
      const all = `${spec.includes('hosts:') ? '' : 'hosts: [api.example.com]\n'}${spec.includes('ports:') ? '' : 'ports: [{number: 443, name: tls, protocol: TLS}]\n'}${indent(spec, 0)}`;
      const changes = new ServiceEntryRegistry('c1', new VirtualAddresses()).serviceEntry(
        'shop/outside',
        serviceEntry(all, rest),
      );
      assert.deepEqual(
        rowsOf('service', changes).map(withoutLines),
        expected.map((row) => ({ ...plainService, ...row })),
      );
    });
  }

  check('pass connections through when nothing is said of resolution', 'location: MESH_EXTERNAL', [{}]);
  check('are one for each host, in lower case', 'hosts: [API.example.com, other.example.com]', [
    {},
    { hostname: 'other.example.com' },
  ]);
  check('may be for a wildcard', 'hosts: ["*.example.com"]', [{ hostname: '*.example.com' }]);
  check(
    'have its addresses, a block of one as that one',
    'addresses: [192.0.2.1, 192.0.2.7/32, 198.51.100.0/24, "2001:db8::1/128"]',
    [{ addresses: ['192.0.2.1', '192.0.2.7', '198.51.100.0/24', '2001:db8::1'] }],
  );
  check('are inside the mesh when it says so', 'location: MESH_INTERNAL', [{ isExternal: false }]);
  check('have endpoints that are stated', 'resolution: STATIC\nendpoints: [{address: 192.0.2.1}]', [
    { resolution: 'static' },
  ]);
  check('have endpoints that DNS knows', 'resolution: DNS', [{ resolution: 'dns' }]);
  check('have one of the endpoints that DNS knows', 'resolution: DNS_ROUND_ROBIN', [{ resolution: 'dns-round-robin' }]);
  check('are asked of DNS by the host of each request', 'hosts: ["*.example.com"]\nresolution: DYNAMIC_DNS', [
    { hostname: '*.example.com', resolution: 'dynamic-dns' },
  ]);
  check(
    'speak what each port says, and anything when it says nothing',
    'ports: [{number: 80, name: a, protocol: HTTP}, {number: 81, name: b, protocol: grpc-web}, {number: 82, name: c}, {number: 83, name: d, protocol: MONGO, targetPort: 8083}]',
    [
      {
        ports: [
          { number: 80, name: 'a', protocol: 'HTTP' },
          { number: 81, name: 'b', protocol: 'GRPC-Web' },
          { number: 82, name: 'c', protocol: 'auto' },
          { number: 83, name: 'd', protocol: 'Mongo', targetPort: 8083 },
        ],
      },
    ],
  );
  check('select pods and WorkloadEntries', 'resolution: STATIC\nworkloadSelector: {labels: {app: x}}', [
    { resolution: 'static', selector: { app: 'x' }, selects: 'all-workloads' },
  ]);
  check('are visible where it says', 'exportTo: [".", front]', [{ exportTo: ['.', 'front'] }]);
  check('are visible as the mesh says with an empty list', 'exportTo: []', [{}]);
  check('have names that certificates must bear', 'resolution: DNS\nsubjectAltNames: [spiffe://a/b]', [
    { resolution: 'dns', subjectAltNames: ['spiffe://a/b'] },
  ]);
  check(
    'have the addresses that an allocator has written down for them',
    'hosts: [a.example.com, b.example.com]\nresolution: DNS',
    [
      { hostname: 'a.example.com', resolution: 'dns', autoAddresses: ['240.240.0.1', '2001:2::1'] },
      { hostname: 'b.example.com', resolution: 'dns', autoAddresses: ['240.240.0.2'] },
    ],
    'status: {addresses: [{value: 240.240.0.1, host: a.example.com}, {value: "2001:2::1", host: a.example.com}, {value: 240.240.0.2, host: b.example.com}, {value: 7}]}\n',
  );
});

const plainEndpoint: Endpoint = {
  address: '192.0.2.1',
  ports: { http: 80 },
  labels: {},
  locality: { region: '', zone: '', subzone: '' },
  weight: 1,
  health: 'unknown',
  network: '',
  serviceAccount: '',
  nodeName: '',
  workload: '',
  namespace: 'shop',
  cluster: 'c1',
};

describe('the endpoints of a ServiceEntry', () => {
  function check(name: string, spec: string, expected: readonly Partial<Endpoint>[] | 'no shard'): void {
    it(name, () => {
      const all = `hosts: [api.example.com]\n${spec.includes('ports: [{number') ? '' : 'ports: [{number: 80, name: http, protocol: HTTP}]\n'}${indent(spec, 0)}`;
      const shards = rowsOf(
        'endpointShard',
        new ServiceEntryRegistry('c1', new VirtualAddresses()).serviceEntry('shop/outside', serviceEntry(all)),
      );
      assert.deepEqual(
        shards.map(({ endpoints }) => endpoints),
        expected === 'no shard' ? [] : [expected.map((endpoint) => ({ ...plainEndpoint, ...endpoint }))],
      );
    });
  }

  check(
    'are those that it lists',
    'resolution: STATIC\nendpoints: [{address: 192.0.2.1}, {address: 192.0.2.2, weight: 5}]',
    [{}, { address: '192.0.2.2', weight: 5 }],
  );
  check('may be DNS names', 'resolution: DNS\nendpoints: [{address: a.example.com}]', [{ address: 'a.example.com' }]);
  check('are the host itself when DNS is asked and nothing else is said', 'resolution: DNS', [
    { address: 'api.example.com' },
  ]);
  check('are the host itself for one answer at a time', 'resolution: DNS_ROUND_ROBIN', [
    { address: 'api.example.com' },
  ]);
  check('are none when workloads are selected', 'resolution: DNS\nworkloadSelector: {labels: {app: x}}', 'no shard');
  check('are none when connections pass through', 'resolution: NONE', 'no shard');
  check(
    'are at their own port before the target and the number',
    'resolution: STATIC\nports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]\nendpoints: [{address: 192.0.2.1, ports: {http: 9090}}, {address: 192.0.2.2}]',
    [{ ports: { http: 9090 } }, { address: '192.0.2.2', ports: { http: 8080 } }],
  );
  check('may be a Unix socket, which has no port', 'resolution: STATIC\nendpoints: [{address: unix:///run/app.sock}]', [
    { address: '/run/app.sock', ports: { http: 0 } },
  ]);
  check(
    'have labels, place, network and account',
    'resolution: STATIC\nendpoints: [{address: 192.0.2.1, labels: {version: v1}, locality: r1/z1/s1, network: west, serviceAccount: app}]',
    [
      {
        labels: { version: 'v1' },
        locality: { region: 'r1', zone: 'z1', subzone: 's1' },
        network: 'west',
        serviceAccount: 'app',
      },
    ],
  );
  check(
    'are on the network of their label when they name none',
    'resolution: STATIC\nendpoints: [{address: 192.0.2.1, labels: {topology.istio.io/network: east}}]',
    [{ labels: { 'topology.istio.io/network': 'east' }, network: 'east' }],
  );
});

describe('the row of a WorkloadEntry', () => {
  const plain: Omit<Workload, 'origin'> = {
    registry: 'service-entry',
    namespace: 'shop',
    name: 'outside',
    kind: 'workload-entry',
    addresses: ['192.0.2.1'],
    ports: {},
    labels: {},
    locality: { region: '', zone: '', subzone: '' },
    network: '',
    serviceAccount: '',
    weight: 1,
    health: 'unknown',
    nodeName: '',
    cluster: 'c1',
  };
  function check(
    name: string,
    spec: string,
    expected: Partial<Workload>,
    rest: Pick<Config<unknown>, 'annotations' | 'status'> | object = {},
  ): void {
    it(name, () => {
      const config = workloadEntry(spec);
      const { table, key, row } = new ServiceEntryRegistry('c1', new VirtualAddresses()).workloadEntry(
        'shop',
        'outside',
        config === undefined ? undefined : { ...config, ...rest },
      );
      assert.deepEqual(
        { table, key, row: withoutLines(row as Workload) },
        {
          table: 'workload',
          key: 'service-entry/workload-entry/shop/outside',
          row: { ...plain, origin: origin('WorkloadEntry'), ...expected },
        },
      );
    });
  }

  check('is an address', 'address: 192.0.2.1', {});
  check('may be a DNS name', 'address: vm.example.com', { addresses: ['vm.example.com'] });
  check('may be a Unix socket', 'address: unix:///run/app.sock', { addresses: ['/run/app.sock'] });
  check(
    'has ports, labels, place, network, account and weight',
    'address: 192.0.2.1\nports: {http: 8080}\nlabels: {app: x}\nlocality: r1/z1\nnetwork: west\nserviceAccount: app\nweight: 7',
    {
      ports: { http: 8080 },
      labels: { app: 'x' },
      locality: { region: 'r1', zone: 'z1', subzone: '' },
      network: 'west',
      serviceAccount: 'app',
      weight: 7,
    },
  );
  check(
    'is on the network of its label when it names none',
    'address: 192.0.2.1\nlabels: {topology.istio.io/network: east}',
    {
      labels: { 'topology.istio.io/network': 'east' },
      network: 'east',
    },
  );
  const probed = (...conditions: readonly object[]) => ({
    annotations: { 'proxy.istio.io/health-checks-enabled': 'true' },
    status: { conditions },
  });
  const healthy = (status: string) => ({ type: 'Healthy', status });
  check('is not healthy before its probe says so', 'address: 192.0.2.1', { health: 'unhealthy' }, probed());
  check(
    'is healthy when its probe says so',
    'address: 192.0.2.1',
    { health: 'healthy' },
    probed({ type: 'Accepted', status: 'False' }, healthy('True')),
  );
  check('is not healthy when its probe fails', 'address: 192.0.2.1', { health: 'unhealthy' }, probed(healthy('False')));
  check(
    'is of unknown health where no probe is',
    'address: 192.0.2.1',
    {},
    { status: { conditions: [healthy('False')] } },
  );
});

describe('the rows that change', () => {
  const changed = (changes: readonly RegistryChange[]) =>
    changes.map(({ table, key, row }) => `${row === undefined ? 'remove' : 'put'} ${table} ${key}`).sort();
  const two =
    'hosts: [a.example.com, b.example.com]\nports: [{number: 80, name: http, protocol: HTTP}]\naddresses: [192.0.2.1]\nresolution: STATIC\nendpoints: [{address: 192.0.2.9}]';
  const a = 'service-entry/shop/outside/a.example.com';
  const b = 'service-entry/shop/outside/b.example.com';

  it('are a service and a shard for each host', () => {
    const registry = new ServiceEntryRegistry('c1', new VirtualAddresses());
    assert.deepEqual(changed(registry.serviceEntry('shop/outside', serviceEntry(two))), [
      `put endpointShard ${a}`,
      `put endpointShard ${b}`,
      `put service ${a}`,
      `put service ${b}`,
    ]);
  });

  it('are gone for a host that is not stated any more', () => {
    const registry = new ServiceEntryRegistry('c1', new VirtualAddresses());
    registry.serviceEntry('shop/outside', serviceEntry(two));
    const changes = registry.serviceEntry('shop/outside', serviceEntry(two.replace(', b.example.com', '')));
    assert.deepEqual(changed(changes), [
      `put endpointShard ${a}`,
      `put service ${a}`,
      `remove endpointShard ${b}`,
      `remove service ${b}`,
    ]);
  });

  it('are gone for endpoints that are not stated any more', () => {
    const registry = new ServiceEntryRegistry('c1', new VirtualAddresses());
    registry.serviceEntry('shop/outside', serviceEntry(two));
    const changes = registry.serviceEntry(
      'shop/outside',
      serviceEntry(two.replace('endpoints: [{address: 192.0.2.9}]', '')),
    );
    assert.deepEqual(changed(changes), [
      `put service ${a}`,
      `put service ${b}`,
      `remove endpointShard ${a}`,
      `remove endpointShard ${b}`,
    ]);
  });

  it('are all gone with the ServiceEntry, once', () => {
    const registry = new ServiceEntryRegistry('c1', new VirtualAddresses());
    registry.serviceEntry('shop/outside', serviceEntry(two));
    assert.equal(registry.serviceEntry('shop/outside', undefined).length, 4);
    assert.deepEqual(registry.serviceEntry('shop/outside', undefined), []);
  });

  it('are one for a WorkloadEntry that goes', () => {
    assert.deepEqual(
      changed([new ServiceEntryRegistry('c1', new VirtualAddresses()).workloadEntry('shop', 'outside', undefined)]),
      ['remove workload service-entry/workload-entry/shop/outside'],
    );
  });
});
