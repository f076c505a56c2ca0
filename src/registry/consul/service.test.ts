import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogInstance } from '../../model/catalog.ts';
import type { Entry } from './schema.ts';
import { type ConsulNames, contradictions, toCatalogService } from './service.ts';

type Service = Entry['Service'];
type Check = NonNullable<Entry['Checks']>[number];

const node = { Node: 'n1', Address: '10.0.0.1', Datacenter: 'dc1' };
const names: ConsulNames = { namespace: 'shop', hosts: ['{name}.service.consul'], address: 'lan' };

/** An instance as Consul tells it. */
function entry(service: Partial<Service> = {}, more: Partial<Entry> = {}): Entry {
  return { Node: node, Service: { ID: 'web-1', Service: 'web', Address: '10.1.0.1', Port: 8080, ...service }, ...more };
}

const serviceOf = (entries: readonly Entry[], given: Partial<ConsulNames> = {}) =>
  toCatalogService('web', entries, { ...names, ...given });

/** What a single instance becomes. */
function instanceOf(one: Entry, given: Partial<ConsulNames> = {}): CatalogInstance {
  const [instance] = serviceOf([one], given).instances;
  assert.ok(instance !== undefined);
  return instance;
}

it('a service of Consul has its names, a port and its instances, in whatever order they come', () => {
  const all = [
    entry({ ID: 'web-1', Tags: ['v1', 'primary', 'team=a'], Meta: { 'istio-protocol': 'http' } }),
    entry({ ID: 'web-2', Address: '', Port: 8081, Tags: ['team=a', 'primary', 'v1'] }),
    entry({ ID: 'web-1' }, { Node: { ...node, Node: 'n0' } }),
  ];
  const hosts = ['{name}.service.consul', '{name}.service.{dc}.consul', '{name}.shop.svc.cluster.local'];
  const labels = { version: 'v1', team: 'a', primary: 'true' };
  const common = {
    address: '10.1.0.1',
    ports: { http: 8080 },
    labels,
    locality: { region: 'dc1', zone: '', subzone: '' },
    weight: 1,
    health: 'healthy',
    nodeName: 'n1',
  };
  const expected = {
    hostnames: ['web.service.consul', 'web.service.dc1.consul', 'web.shop.svc.cluster.local'],
    namespace: 'shop',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    instances: [
      { ...common, id: 'n0/web-1', labels: {}, nodeName: 'n0' },
      { ...common, id: 'n1/web-1' },
      { ...common, id: 'n1/web-2', address: '10.0.0.1', ports: { http: 8081 } },
    ],
  };
  assert.deepEqual(serviceOf(all, { hosts }), expected);
  assert.deepEqual(serviceOf([...all].reverse(), { hosts }), expected);
});

describe('the health of an instance', () => {
  const check = (name: string, checks: readonly Check[] | undefined, expected: string) =>
    it(name, () => {
      const Weights = { Passing: 10, Warning: 2 };
      const { health, weight } = instanceOf(entry({ Weights }, checks === undefined ? {} : { Checks: checks }));
      assert.equal(`${health} ${weight}`, expected);
    });
  const is = (Status: string, CheckID = 'c', ServiceID = ''): Check => ({ CheckID, Status, ServiceID });

  check('is good without checks', [], 'healthy 10');
  check('is good where nothing is said of checks', undefined, 'healthy 10');
  check(
    'is good when all of service and node pass',
    [is('passing', 'serfHealth'), is('passing', 'c', 'web-1')],
    'healthy 10',
  );
  check('has a weight of its own with a warning', [is('passing'), is('warning', 'c', 'web-1')], 'healthy 2');
  check('is bad with a check of the service that fails', [is('warning'), is('critical', 'c', 'web-1')], 'unhealthy 10');
  check('is bad with a node that is lost', [is('critical', 'serfHealth'), is('passing', 'c', 'web-1')], 'unhealthy 10');
  check('is bad with a status that nobody knows', [is('maintenance?')], 'unhealthy 10');
  check('drains in maintenance of its own', [is('critical', '_service_maintenance:web-1', 'web-1')], 'draining 10');
  check(
    'drains in maintenance of its node, which comes before all',
    [is('critical', 'serfHealth'), is('critical', '_node_maintenance')],
    'draining 10',
  );
  check('is not in maintenance because of a name like it', [is('critical', '_service_maintenances')], 'unhealthy 10');
});

describe('the place of an instance', () => {
  const check = (name: string, one: Entry, which: 'lan' | 'wan', expected: string) =>
    it(name, () => {
      const { address, ports } = instanceOf(one, { address: which });
      assert.equal(`${address} ${ports.default}`, expected);
    });
  const tagged = {
    TaggedAddresses: { wan: { Address: '198.51.100.1', Port: 9000 }, lan: { Address: '10.9.9.9', Port: 1 } },
  };
  const wide = { ...node, TaggedAddresses: { wan: '198.51.100.9' } };

  check('is its address', entry(tagged), 'lan', '10.1.0.1 8080');
  check('is that of its node when it has none', entry({ Address: '' }, { Node: wide }), 'lan', '10.0.0.1 8080');
  check('is for others what is tagged so', entry(tagged), 'wan', '198.51.100.1 9000');
  check(
    'is for others at its own port when none is tagged',
    entry({ TaggedAddresses: { wan: { Address: 'web.example', Port: 0 } } }),
    'wan',
    'web.example 8080',
  );
  check('is for others its address when none is tagged', entry({}, { Node: wide }), 'wan', '10.1.0.1 8080');
  check(
    'is for others that of its node for others',
    entry({ Address: '' }, { Node: wide }),
    'wan',
    '198.51.100.9 8080',
  );
  check('is for others that of its node if there is no other', entry({ Address: '' }), 'wan', '10.0.0.1 8080');
  check('may be nowhere', entry({ Address: '' }, { Node: { Node: 'far' } }), 'lan', ' 8080');
});

describe('what is said of an instance', () => {
  const check = (name: string, one: Entry, expected: Partial<CatalogInstance>) =>
    it(name, () => {
      const found = instanceOf(one);
      const keys = Object.keys(expected) as (keyof CatalogInstance)[];
      assert.deepEqual(Object.fromEntries(keys.map((key) => [key, found[key]])), expected);
    });
  check(
    'are labels, by metadata before tags',
    entry({ Tags: ['team=a', 'version=v1', 'v3', 'canary'], Meta: { version: 'v2', zone: 'z', canary: 'no' } }),
    { labels: { team: 'a', version: 'v2', v3: 'true', canary: 'no', zone: 'z' } },
  );
  check(
    'are no labels where it is about ports, identity and network',
    entry({
      Tags: ['istio-port=80'],
      Meta: {
        'istio-protocol': 'http',
        'istio-port': '80',
        'istio-port-admin': '81',
        'istio-service-account': 'web',
        'istio-network': 'far',
        'istio-other': 'x',
      },
    }),
    { labels: { 'istio-other': 'x' }, serviceAccount: 'web', network: 'far' },
  );
  check(
    'is nothing when there is no metadata, as of external nodes',
    entry({}, { Node: { Node: 'far', Address: 'a.example' } }),
    {
      labels: {},
      locality: { region: '', zone: '', subzone: '' },
      nodeName: 'far',
    },
  );
  check('is where it is, by its node', entry({}, { Node: { ...node, Meta: { zone: 'z1', subzone: 's1' } } }), {
    locality: { region: 'dc1', zone: 'z1', subzone: 's1' },
  });
  check(
    'is where it is, by its own locality first',
    entry(
      { Locality: { Region: 'r2', Zone: 'z2' } },
      { Node: { ...node, Locality: { Region: 'r3', Zone: 'z3' }, Meta: { zone: 'z1' } } },
    ),
    { locality: { region: 'r2', zone: 'z2', subzone: '' } },
  );
});

describe('ports', () => {
  const check = (name: string, entries: readonly Entry[], ports: string, instances: readonly object[]) =>
    it(name, () => {
      const service = serviceOf(entries);
      assert.deepEqual(
        [
          service.ports.map(({ number, name: port, protocol }) => `${number} ${port} ${protocol}`).join(', '),
          service.instances.map((one) => one.ports),
        ],
        [ports, instances],
      );
    });
  const other = (service: Partial<Service>) => entry({ ID: 'web-2', ...service });

  check('are the one that all instances listen at', [entry(), other({})], '8080 default auto', [
    { default: 8080 },
    { default: 8080 },
  ]);
  check('are 80 where instances listen at several', [entry(), other({ Port: 9090 })], '80 default auto', [
    { default: 8080 },
    { default: 9090 },
  ]);
  check('are what metadata says', [entry({ Meta: { 'istio-port': '9000', protocol: 'gRPC' } })], '9000 grpc GRPC', [
    { grpc: 8080 },
  ]);
  check('are what tags say', [entry({ Tags: ['istio-port=9000', 'protocol=tcp'] })], '9000 tcp TCP', [{ tcp: 8080 }]);
  check(
    'speak what istio-protocol says before protocol',
    [entry({ Meta: { 'istio-protocol': 'http2', protocol: 'tcp' } })],
    '8080 http2 HTTP2',
    [{ http2: 8080 }],
  );
  check(
    'are what most instances say, and of equally many the first by name',
    [entry({ Meta: { protocol: 'tcp' } }), other({ Meta: { protocol: 'http' } })],
    '8080 http HTTP',
    [{ http: 8080 }, { http: 8080 }],
  );
  const Ports = [
    { Name: 'admin', Port: 9000 },
    { Name: 'http-web', Port: 8080, Default: true },
  ];
  check('may have names, the default one first', [entry({ Port: 0, Ports })], '8080 http-web HTTP, 9000 admin auto', [
    { admin: 9000, 'http-web': 8080 },
  ]);
  check(
    'with names are none where they are 0',
    [entry({ Ports: [...Ports, { Name: 'socket', Port: 0 }] }), other({ Ports: [{ Name: 'socket', Port: 0 }] })],
    '8080 http-web HTTP, 9000 admin auto',
    [{ admin: 9000, 'http-web': 8080 }, { 'http-web': 8080 }],
  );
  check(
    'with names may be stated each',
    [
      entry({
        Port: 0,
        Ports,
        Meta: {
          'istio-protocol': 'grpc',
          'istio-port': '80',
          'istio-port-admin': '81',
          'istio-protocol-admin': 'http',
        },
      }),
    ],
    '80 http-web GRPC, 81 admin HTTP',
    [{ admin: 9000, 'http-web': 8080 }],
  );
  check(
    'of instances without names are the default one, and numbers of the others never meet',
    [
      entry({ Port: 8080 }),
      other({ Ports: [...Ports, { Name: 'db', Port: 3306 }] }),
      entry({
        ID: 'web-3',
        Ports: [
          { Name: 'admin', Port: 9001 },
          { Name: 'db', Port: 3307 },
        ],
      }),
    ],
    '8080 http-web HTTP, 9000 admin auto, 3306 db TCP',
    [{ 'http-web': 8080 }, { admin: 9000, 'http-web': 8080, db: 3306 }, { admin: 9001, db: 3307 }],
  );
});

describe('contradictions', () => {
  const check = (name: string, metas: readonly { readonly [key: string]: string }[], expected: readonly string[]) =>
    it(name, () => assert.deepEqual(contradictions(metas.map((Meta) => entry({ Meta }))), expected));

  check('are none between equals', [{ protocol: 'HTTP' }, { 'istio-protocol': 'http' }, {}], []);
  check(
    'are of protocols',
    [{ protocol: 'http' }, { 'istio-protocol': 'grpc' }],
    ['expected instances that agree on their protocol, found grpc and http'],
  );
  check(
    'are of ports',
    [{ 'istio-port': '80' }, { 'istio-port': '81' }],
    ['expected instances that agree on their istio-port, found 80 and 81'],
  );
  check(
    'are what is none',
    [{ 'istio-port': 'http', 'istio-protocol': 'htp' }],
    [
      'expected istio-protocol to be one of http, http2, grpc, grpc-web, https, tls, tcp, mongo, redis, mysql, udp, found htp',
      'expected istio-port to be a port, found http',
    ],
  );
  check('are none of protocols that others name for themselves', [{ protocol: 'amqp' }], []);
});
