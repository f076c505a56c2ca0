/**
 * Invariant: work is proportional to the change, never to the mesh. For each event the same number of cells is computed
 * in a mesh of 100 services and in two of 1,000: one with ten times as many namespaces, one with ten times as large ones.
 * The number stays within the budget that stands beside the event; a change that costs more must be worth it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CountingPlane, comparison, ofNames, total } from './cost/counting-plane.ts';
import {
  catalogService,
  destinationRule,
  draft,
  endpoints,
  gateway,
  headless,
  host,
  meshOf,
  meshOfTwoClusters,
  meshWithCatalog,
  meshWithDns,
  pod,
  remoteEndpoints,
  service,
  serviceEntry,
  servicePorts,
  sidecar,
  virtualService,
  workload,
} from './cost/mesh.ts';
import type { Draft } from './support/draft.ts';
import type { Change } from './support/plane.ts';
import { configure, connect } from './support/steps.ts';

const sizes = [
  { namespaces: 5, servicesEach: 20 },
  { namespaces: 50, servicesEach: 20 },
  { namespaces: 5, servicesEach: 200 },
];
const planes = sizes.map((size) => new CountingPlane(meshOf(size)));

/** Events follow each other in one mesh. */
function check(name: string, budget: number, changes: readonly Change[]): void {
  it(`${name}: ${budget}`, () => {
    const counts = planes.map((plane) => plane.take(changes));
    const [first = new Map(), ...others] = counts;
    const meshes = sizes.map(({ namespaces, servicesEach }) => `${namespaces} x ${servicesEach}`).join(', ');
    const table = `computed in meshes of ${meshes} services:\n${comparison(counts)}`;
    for (const other of others) assert.deepEqual(other, first, `the cost depends on the size of the mesh; ${table}`);
    assert.ok(total(first) <= budget, `expected at most ${budget} cells, found ${total(first)}; ${table}`);
  });
}

const put = (object: Draft): readonly Change[] => [{ do: 'put', object }];
const remove = (object: Draft): readonly Change[] => [{ do: 'remove', object }];

const newService = (ports: readonly object[]) =>
  draft('Service', 'ns-1', 'new', { spec: { clusterIP: '10.99.0.1', ports } }, { group: '', createdAt: 1 });

const outsideRule = (hosts: readonly string[]) =>
  draft('VirtualService', 'ns-1', 'outside', {
    spec: { hosts, http: [{ route: [{ destination: { host: host([0, 0]) } }] }] },
  });

describe('cells computed, at any size of the mesh, when', () => {
  check('an endpoint is not ready any more', 21, put(endpoints([0, 0], [1, 2], [2])));
  check('an endpoint is ready again', 21, put(endpoints([0, 0])));
  check('an endpoint is added', 21, put(endpoints([0, 0], [1, 2, 3])));
  check('a label of a pod changes', 5, put(pod([0, 4], 1, { tier: 'front' })));
  check('a weight of a VirtualService changes', 38, put(virtualService([0, 4], 50)));
  check('a VirtualService is added', 50, put(virtualService([1, 1])));
  check('a VirtualService is removed', 50, remove(virtualService([1, 1])));
  check('a VirtualService is added for a host that is no service', 48, put(outsideRule(['outside.test'])));
  check('a VirtualService is added for a wildcard', 39, put(outsideRule(['*.outside.test'])));
  check('that rule is removed', 41, remove(outsideRule([])));
  check('a DestinationRule changes', 41, put(destinationRule([0, 4], ['v1', 'v2'], 7)));
  check('a subset is added', 51, put(destinationRule([0, 4], ['v1', 'v2', 'v3'], 7)));
  check('a Service is added', 155, put(newService(servicePorts)));
  check('a Service gets a port that many have', 105, put(newService([...servicePorts, { name: 'tls', port: 443 }])));
  check(
    'a Service gets a port that no other has',
    162,
    put(newService([...servicePorts, { name: 'http-more', port: 81 }])),
  );
  check('a Service is removed', 177, remove(newService([])));
  check('a ServiceEntry changes', 20, put(serviceEntry([0, 3], 'two.test')));
  check('a Sidecar is added in a namespace', 40, put(sidecar(1)));
  check('a Gateway changes', 6, put(gateway(['*.example.com', '*.example.org'])));
  check(
    'a proxy connects whose like is there',
    1,
    connect('ns-0', workload([0, 0], 'one', { name: 'another.ns-0' }), 'again'),
  );
  check('it leaves', 0, [{ do: 'disconnect', seat: 'again' }]);
  check('MeshConfig changes in what shapes nothing', 1, configure({ trustDomain: 'other.test' }));
  check('an annotation changes that says nothing of traffic', 0, put(service([0, 0], { annotations: { note: 'x' } })));
  check('an object moves in its file', 10, put({ ...virtualService([0, 4], 50), line: 9 }));
});

describe('in a mesh with a catalog', () => {
  const [small, ...others] = sizes.map((size) => new CountingPlane(meshWithCatalog(size)));
  assert.ok(small !== undefined);

  function check(name: string, budget: number, change: Change): void {
    it(`${name}: ${budget}`, () => {
      const first = small?.take([change]) ?? new Map();
      const counts = [first, ...others.map((plane) => plane.take([change]))];
      const table = `computed:\n${comparison(counts)}`;
      for (const other of counts) assert.deepEqual(other, first, `the cost depends on the size of the mesh; ${table}`);
      assert.ok(total(first) <= budget, `expected at most ${budget} cells, found ${total(first)}; ${table}`);
    });
  }
  check('an instance of a service is added, which has two hosts', 35, catalogService([0, 6], [1, 2, 3]));
  check('an instance goes', 35, catalogService([0, 6]));
  check('the version of the instances changes', 35, catalogService([0, 6], [1, 2], 'v2'));
  check('nothing changes', 0, catalogService([0, 6], [2, 1], 'v2'));
});

/** What is told one by one and what is told as a whole alike: the table for Istio's agents is one cell for each kind of client. */
describe('in a mesh where agents answer DNS, for what hosts stand for,', () => {
  const planes = sizes.map((size) => new CountingPlane(meshWithDns(size)));

  function check(name: string, budget: number, changes: readonly Change[]): void {
    it(`${name}: ${budget}`, () => {
      const counts = planes.map((plane) => plane.take(changes));
      const table = `computed:\n${comparison(counts)}`;
      for (const other of counts)
        assert.deepEqual(other, counts[0], `the cost depends on the size of the mesh; ${table}`);
      const names = total(ofNames(counts[0] ?? new Map()));
      assert.ok(names <= budget, `expected at most ${budget} cells, found ${names}; ${table}`);
    });
  }
  check('an endpoint is added', 0, put(endpoints([0, 0], [1, 2, 3])));
  check('a VirtualService changes', 0, put(virtualService([0, 4], 50)));
  check('a DestinationRule changes', 0, put(destinationRule([0, 4], ['v1', 'v2'], 7)));
  check('a Service is added', 8, put(newService(servicePorts)));
  check('a Service gets a port', 2, put(newService([...servicePorts, { name: 'tls', port: 443 }])));
  check(
    'a Service gets another address',
    8,
    put({ ...newService(servicePorts), body: { spec: { clusterIP: '10.99.0.2', ports: servicePorts } } }),
  );
  check('a Service is removed', 8, remove(newService([])));
  check('a Service becomes headless', 8, put(headless([0, 8])));
  check('an endpoint of a headless Service is added', 8, put(endpoints([0, 8], [1, 2, 3])));
  check('an endpoint of a headless Service is not ready any more', 8, put(endpoints([0, 8], [1, 2, 3], [3])));
  check('a ServiceEntry changes', 0, put(serviceEntry([0, 3], 'two.test')));
  check('a Sidecar is added in a namespace', 6, put(sidecar(1)));
  check(
    'a proxy connects whose like is there',
    0,
    connect('ns-0', workload([0, 2], 'one', { capturesDns: true, name: 'another.ns-0' }), 'again'),
  );
});

describe('in a mesh of two clusters and networks', () => {
  const [small, wide] = sizes.slice(0, 2).map((size) => new CountingPlane(meshOfTwoClusters(size)));
  assert.ok(small !== undefined && wide !== undefined);

  it('an endpoint of another cluster costs what one of the own cluster costs, at any size of the mesh', () => {
    // A service before which no connected proxy stands.
    const place = [0, 5] as const;
    const tls = { 'security.istio.io/tlsMode': 'istio' };
    for (const plane of [small, wide]) plane.take([...put(pod(place, 1, tls)), ...put(pod(place, 2, tls))]);
    const here = put(endpoints(place, [1, 2], [2]));
    const there = put(remoteEndpoints(place, [102]));
    const counts = [small.take(here), wide.take(here), small.take(there), wide.take(there)];
    const [first = new Map()] = counts;
    const table = `computed for an endpoint here, in a small and a wide mesh, and for one there:\n${comparison(counts)}`;
    for (const other of counts) assert.deepEqual(other, first, table);
    assert.ok(total(first) <= 25, `expected at most 25 cells, found ${total(first)}; ${table}`);
  });
});
