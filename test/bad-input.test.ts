/**
 * Bad input while proxies are served, from the file to the wire: it is said what is wrong and where, what a proxy has been
 * given stays as it is to the last byte, and what is repaired comes into force.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { startDiscoveryServer } from '../src/discovery-server.ts';
import { fileSource } from '../src/files/file-source.ts';
import { silent } from '../src/lib/log.ts';
import { formatProblem } from '../src/model/problem.ts';
import { clusterType, endpointType, listenerType, pushOrder, routeType } from '../src/resource/types.ts';
import { connectProxy } from './support/asking-proxy.ts';
import { fakeClock } from './support/fake-clock.ts';
import { type TempFolder, tempFolder } from './support/temp-folder.ts';

const service = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  clusterIP: 10.0.0.1
  ports: [{name: http, port: 80, targetPort: 8080}]
`;
const slice = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: reviews-a, namespace: shop, labels: {kubernetes.io/service-name: reviews}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
- addresses: [10.1.0.1]
- addresses: [10.1.0.2]
`;
const rule = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - match:
    - uri: {regex: "/v[0-9]+/.*"}
    route:
    - destination: {host: reviews}
    timeout: 1s
  - route:
    - destination: {host: reviews}
`;
const policy = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec:
  host: reviews
  trafficPolicy:
    connectionPool: {http: {http1MaxPendingRequests: 7}}
`;

const cluster = 'outbound|80||reviews.shop.svc.cluster.local';

/** A control plane over a folder with the shop in it, and a proxy that has all of it. */
async function serveFolder(test: TestContext) {
  const folder = tempFolder(test);
  folder.write('mesh/shop.yaml', `${service}---\n${slice}`);
  folder.write('mesh/rules/reviews.yaml', `${rule}---\n${policy}`);
  const clock = fakeClock();
  const local = { host: '127.0.0.1', port: 0 };
  const server = await startDiscoveryServer({
    sources: [fileSource({ paths: [folder.at('mesh')], log: silent, clock, rescanMs: 10 })],
    xdsAddress: local,
    httpAddress: local,
    cluster: 'Kubernetes',
    domainSuffix: 'cluster.local',
    version: 'test',
    log: silent,
  });
  test.after(() => server.close(0));
  const proxy = await connectProxy(test, {
    port: server.xdsAddress.port,
    id: 'sidecar~10.1.0.9~web-1.shop~shop.svc.cluster.local',
    metadata: { NAMESPACE: 'shop' },
    subscriptions: { [clusterType]: [], [endpointType]: [cluster], [listenerType]: [], [routeType]: ['80'] },
  });
  const { controlPlane, ads } = server;
  return {
    folder,
    proxy,
    /** Lets the files be read and what they say come into force. */
    settle() {
      clock.advance(2000);
      controlPlane.commit();
    },
    problems: () =>
      controlPlane.diagnostics.all().map((problem) => formatProblem(problem).replaceAll(`${folder.path}/`, '')),
    /** Every resource of the proxy, as the bytes that it is sent. */
    served() {
      const scope = ads.connections()[0]?.scope;
      assert.ok(scope !== undefined);
      return pushOrder.flatMap((type) =>
        [...(controlPlane.view(type, scope)?.contents.resources() ?? [])].map(
          ({ name, chunks }) => `${type} ${name} ${Buffer.concat(chunks).toString('base64')}`,
        ),
      );
    },
  };
}

interface Case {
  readonly spoil: (folder: TempFolder) => void;
  /** What is said, with paths within the folder. */
  readonly problems: readonly string[];
  /** Another state of the files, with nothing wrong and something new in it. */
  readonly repair: (folder: TempFolder) => void;
}

function check(name: string, { spoil, problems, repair }: Case): void {
  it(name, async (test) => {
    const mesh = await serveFolder(test);
    const before = mesh.served();
    spoil(mesh.folder);
    mesh.settle();
    assert.deepEqual(mesh.problems(), problems);
    assert.deepEqual(mesh.served(), before);
    assert.deepEqual(await mesh.proxy.texts(), []);
    repair(mesh.folder);
    mesh.settle();
    assert.deepEqual(mesh.problems(), []);
    assert.notDeepEqual(mesh.served(), before);
    assert.notDeepEqual(await mesh.proxy.texts(), []);
  });
}

const rules = 'mesh/rules/reviews.yaml';
const write = (path: string, text: string) => (folder: TempFolder) => folder.replace(path, text);
const slower = write(rules, `${rule.replace('timeout: 1s', 'timeout: 2s')}---\n${policy}`);
const spoiled = (from: string, to: string) => write(rules, `${rule.replace(from, to)}---\n${policy}`);
const at = (line: number, rest: string) => `${rules}:${line}: VirtualService shop/reviews: ${rest}`;

describe('a file', () => {
  check('that is no YAML any more', {
    spoil: write(rules, 'kind: [\n'),
    problems: [
      `${rules}:1: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ] [FW0001]`,
    ],
    repair: slower,
  });
  check('of which one document is no YAML any more', {
    spoil: spoiled('    timeout: 1s', '\ttimeout: 1s'),
    problems: [`${rules}:11: expected YAML, found a tab where only spaces may indent [FW0001]`],
    repair: slower,
  });
  check('that is written to the half', {
    spoil: (folder) => folder.write(rules, rule.slice(0, rule.indexOf('/v[0-9]'))),
    problems: [`${rules}:8: expected YAML, found Missing closing "quote [FW0001]`],
    repair: slower,
  });
  check('that is emptied', {
    spoil: (folder) => folder.write(rules, ''),
    problems: [
      `${rules}: expected objects, found an empty file; objects it held before stay until the file is filled or deleted [FW0010]`,
    ],
    repair: slower,
  });
  check('that is no text', {
    spoil: write(rules, '\u0000\u0001'),
    problems: [`${rules}:1: expected YAML, found the control character 0x00 [FW0001]`],
    repair: slower,
  });
  check('that is a link to nowhere', {
    spoil: (folder) => folder.link(rules, 'nowhere.yaml'),
    problems: [
      `${rules}: expected a file or folder, found a link that leads nowhere; what it held stays in force until it is back [FW0010]`,
    ],
    repair: slower,
  });
  check('of more levels than anybody writes', {
    spoil: write('mesh/deep.yaml', `${'['.repeat(1000)}${']'.repeat(1000)}\n`),
    problems: ['mesh/deep.yaml:1: expected a document of at most 100 levels, found a deeper one [FW0013]'],
    repair: (folder) => {
      folder.remove('mesh/deep.yaml');
      slower(folder);
    },
  });
  check('whose aliases mean billions', {
    spoil: write(
      'mesh/bomb.yaml',
      `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}`,
    ),
    problems: ['mesh/bomb.yaml:1: expected a document with at most 1000 aliases, found more [FW0013]'],
    repair: (folder) => {
      folder.remove('mesh/bomb.yaml');
      slower(folder);
    },
  });
});

describe('a folder', () => {
  check('that vanishes', {
    spoil: (folder) => folder.rename('mesh', 'away'),
    problems: ['mesh: expected a file or folder, found nothing; what it held stays in force until it is back [FW0010]'],
    repair: (folder) => {
      folder.rename('away', 'mesh');
      slower(folder);
    },
  });
  check('that comes back empty', {
    spoil: (folder) => {
      folder.rename('mesh', 'away');
      folder.makeFolder('mesh');
    },
    problems: [
      'mesh: expected a file or folder, found an empty folder where files were before; what it held stays in force until it is back [FW0010]',
    ],
    repair: (folder) => {
      folder.remove('mesh');
      folder.rename('away', 'mesh');
      slower(folder);
    },
  });
});

describe('an object', () => {
  check('of a kind that nobody knows', {
    spoil: write('mesh/other.yaml', 'apiVersion: acme.io/v1\nkind: Router\nmetadata: {name: a}\n'),
    problems: [
      'mesh/other.yaml:1: Router default/a: expected a kind of Kubernetes or one of VirtualService, DestinationRule, ServiceEntry, WorkloadEntry, Gateway, Sidecar, EnvoyFilter, WorkloadGroup, ProxyConfig, PeerAuthentication, RequestAuthentication, AuthorizationPolicy, Telemetry, WasmPlugin, found Router of acme.io/v1 [FW0002]',
    ],
    repair: (folder) => {
      folder.remove('mesh/other.yaml');
      slower(folder);
    },
  });
  check('without a name', {
    spoil: spoiled('name: reviews, ', ''),
    problems: [`${rules}:1: expected a name in metadata.name of the VirtualService, found nothing [FW0008]`],
    repair: slower,
  });
  check('with a field that is nearly right', {
    spoil: spoiled('timeout: 1s', 'timeOut: 1s'),
    problems: [
      at(11, 'spec.http[0].timeOut: expected a known field such as timeout, found the unknown field timeOut [FW0003]'),
    ],
    repair: slower,
  });
  check('with a value of another type', {
    spoil: spoiled('hosts: [reviews]', 'hosts: reviews'),
    problems: [at(5, 'spec.hosts: expected a list, found "reviews" [FW0004]')],
    repair: slower,
  });
  check('with a duration that is none', {
    spoil: spoiled('timeout: 1s', 'timeout: 1 second'),
    problems: [at(11, 'spec.http[0].timeout: expected a duration such as 1.5s or 250ms, found "1 second" [FW0004]')],
    repair: slower,
  });
  check('with a pattern that looks ahead, which Envoy’s RE2 cannot', {
    spoil: spoiled('"/v[0-9]+/.*"', '"/v(?=1)"'),
    problems: [
      at(
        8,
        'spec.http[0].match[0].uri.regex: expected a regular expression of RE2\'s syntax, found "/v(?=1)": error parsing regexp: invalid or unsupported Perl syntax: `(?=` [FW0108]',
      ),
    ],
    repair: slower,
  });
  check('with a port that Envoy would refuse', {
    spoil: write('mesh/shop.yaml', `${service.replace('port: 80,', 'port: 0,')}---\n${slice}`),
    problems: [
      'mesh/shop.yaml:6: Service shop/reviews: spec.ports[0].port: expected a port from 1 to 65535, found 0 [FW0801]',
    ],
    repair: (folder) => {
      folder.replace('mesh/shop.yaml', `${service}---\n${slice}`);
      slower(folder);
    },
  });
  check('with an address that is none', {
    spoil: write('mesh/shop.yaml', `${service}---\n${slice.replace('10.1.0.2', '10.1.0.2.3')}`),
    problems: [
      'mesh/shop.yaml:15: EndpointSlice shop/reviews-a: endpoints[1].addresses[0]: expected an address of IPv4, found "10.1.0.2.3" [FW0802]',
    ],
    repair: write('mesh/shop.yaml', `${service}---\n${slice.replace('10.1.0.2', '10.1.0.3')}`),
  });
  check('with a policy that Envoy would refuse', {
    spoil: write(rules, `${rule}---\n${policy.replace('http1MaxPendingRequests: 7', 'http1MaxPendingRequests: -7')}`),
    problems: [
      `${rules}:21: DestinationRule shop/reviews: spec.trafficPolicy.connectionPool.http.http1MaxPendingRequests: expected 0 or more, found -7 [FW0205]`,
    ],
    repair: write(rules, `${rule}---\n${policy.replace('http1MaxPendingRequests: 7', 'http1MaxPendingRequests: 8')}`),
  });
  check('that is stated a second time in a later file', {
    spoil: write('mesh/z.yaml', rule.replace('timeout: 1s', 'timeout: 9s')),
    problems: [
      `mesh/z.yaml:1: VirtualService shop/reviews: expected one object of this name, found it at ${rules}:1 too, which is the one that counts [FW0011]`,
    ],
    repair: (folder) => {
      folder.remove('mesh/z.yaml');
      slower(folder);
    },
  });
});

it('an object that is wrong breaks only itself: others beside it come into force', async (test) => {
  const mesh = await serveFolder(test);
  spoiled('timeout: 1s', 'timeOut: 1s')(mesh.folder);
  mesh.folder.write('mesh/ratings.yaml', service.replaceAll('reviews', 'ratings').replace('10.0.0.1', '10.0.0.2'));
  mesh.settle();
  assert.equal(mesh.problems().length, 1);
  const names = mesh.served().map((resource) => resource.split(' ')[1]);
  assert.ok(names.includes('outbound|80||ratings.shop.svc.cluster.local'));
});

it('a pattern that would keep a backtracking engine busy for ever is no problem', async (test) => {
  const mesh = await serveFolder(test);
  spoiled('"/v[0-9]+/.*"', `"(a+)+${'(b*)*'.repeat(20)}$"`)(mesh.folder);
  const start = performance.now();
  mesh.settle();
  assert.deepEqual(mesh.problems(), []);
  assert.ok(performance.now() - start < 10_000);
});
