/** What hosts stand for, to proxies whose agents answer DNS. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ControlPlane } from '../src/control-plane.ts';
import { resourceJson } from '../src/resource/json.ts';
import { nameType } from '../src/resource/types.ts';
import { controlPlaneOf } from './support/control-plane.ts';
import { changesIn, removalsIn } from './support/objects.ts';
import { proxyOf } from './support/proxy.ts';

const service = (spec: string, name = 'db') =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ports: [{ port: 5432 }], ${spec} }`;
const headless = service('clusterIP: None');
const slice = (...endpoints: readonly string[]) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: db-1, namespace: shop, labels: { kubernetes.io/service-name: db } }\naddressType: IPv4\nports: [{ port: 5432 }]\nendpoints: [${endpoints.join(', ')}]`;
const endpoint = (address: string, hostname: string, more = 'ready: true') =>
  `{ addresses: [${address}], hostname: ${hostname}, conditions: { ${more} } }`;
const entry = (name: string, spec: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: ${name}, namespace: shop }\nspec: { ports: [{ number: 80, name: http, protocol: HTTP }], ${spec} }`;

/** Addresses by name, with the short name behind a slash where there is one. */
function namesIn(
  plane: ControlPlane,
  metadata: { readonly [name: string]: unknown } = {},
): Readonly<Record<string, string>> {
  const connection = plane.connect(proxyOf({ metadata: { DNS_CAPTURE: 'true', ...metadata } }), () => {});
  const view = plane.view(nameType, connection.scope);
  assert.ok(view !== undefined);
  const reader = { revision: 0, changed: () => {} };
  view.attach(reader);
  const entries = [...view.contents.resources()].flatMap((resource) => {
    const { table } = resourceJson(resource) as unknown as { readonly table: Readonly<Record<string, Info>> };
    return Object.entries(table).map(([host, { ips, shortname }]): [string, string] => [
      host,
      `${ips.join(' ')}${shortname === undefined ? '' : ` / ${shortname}`}`,
    ]);
  });
  view.detach(reader);
  connection.close();
  return Object.fromEntries(entries);
}

interface Info {
  readonly ips: readonly string[];
  readonly shortname?: string;
}

const db = 'db.shop.svc.cluster.local';

describe('a host stands for', () => {
  function check(name: string, objects: readonly string[], expected: Readonly<Record<string, string>>): void {
    it(name, () => assert.deepEqual(namesIn(controlPlaneOf(objects.join('\n---\n'))), expected));
  }

  check(
    'the virtual addresses of a Service that are of the family of the client',
    [service('clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, "fd00::1"]')],
    {
      [db]: '10.96.0.1 / db',
    },
  );
  check(
    'the pods that are ready of a headless Service, which have names of their own',
    [
      headless,
      slice(
        endpoint('10.1.0.2', 'db-1'),
        endpoint('10.1.0.1', 'db-0'),
        endpoint('10.1.0.3', 'db-2', 'ready: false, terminating: false'),
      ),
    ],
    { [db]: '10.1.0.1 10.1.0.2 / db', [`db-0.${db}`]: '10.1.0.1 / db-0.db', [`db-1.${db}`]: '10.1.0.2 / db-1.db' },
  );
  check(
    'pods that are not ready too where they are published',
    [
      service('clusterIP: None, publishNotReadyAddresses: true'),
      slice(endpoint('10.1.0.3', 'db-2', 'ready: false, terminating: false')),
    ],
    { [db]: '10.1.0.3 / db', [`db-2.${db}`]: '10.1.0.3 / db-2.db' },
  );
  check(
    'no pods of a Service that is not headless',
    [service('clusterIP: 10.96.0.1'), slice(endpoint('10.1.0.1', 'db-0'))],
    {
      [db]: '10.96.0.1 / db',
    },
  );
  check('nothing, for somebody else to say, without a pod', [headless, slice()], {});
  check(
    'nothing where its addresses are a block',
    [entry('a', 'hosts: [a.test], addresses: [10.0.0.0/8], resolution: NONE')],
    {},
  );
  check(
    'all addresses of a ServiceEntry',
    [entry('a', 'hosts: [a.test, "*.b.test"], addresses: [240.1.0.1, 240.1.0.2], resolution: NONE')],
    { 'a.test': '240.1.0.1 240.1.0.2', '*.b.test': '240.1.0.1 240.1.0.2' },
  );
  check(
    'what a Service says, and not a ServiceEntry of that host',
    [service('clusterIP: 10.96.0.1'), entry('a', `hosts: [${db}], addresses: [240.1.0.1], resolution: NONE`)],
    { [db]: '10.96.0.1 / db' },
  );
  check(
    'what a ServiceEntry says, without a short name that a Service might have',
    [entry('a', 'hosts: [db.shop.svc.other.test], addresses: [240.1.0.1], resolution: NONE')],
    { 'db.shop.svc.other.test': '240.1.0.1' },
  );

  it('an address of its own where a ServiceEntry states none', () => {
    const { 'a.test': address, ...others } = namesIn(controlPlaneOf(entry('a', 'hosts: [a.test], resolution: DNS')));
    assert.match(address ?? '', /^240\.\d+\.\d+\.\d+/);
    assert.deepEqual(others, {});
  });

  it('what its endpoints are now', () => {
    const plane = controlPlaneOf([headless, slice(endpoint('10.1.0.1', 'db-0'))].join('\n---\n'));
    const after = (change: readonly string[]) => {
      plane.apply(change.flatMap(changesIn));
      plane.commit();
      return namesIn(plane);
    };
    assert.deepEqual(after([slice(endpoint('10.1.0.9', 'db-0'))]), {
      [db]: '10.1.0.9 / db',
      [`db-0.${db}`]: '10.1.0.9 / db-0.db',
    });
    plane.apply(removalsIn(headless));
    assert.deepEqual(after([]), {});
  });

  it('the pods of the client’s own cluster', () => {
    const plane = controlPlaneOf([headless, slice(endpoint('10.1.0.1', 'db-0'))].join('\n---\n'), { cluster: 'home' });
    plane.addCluster('east');
    plane.apply([headless, slice(endpoint('10.2.0.1', 'db-0'))].flatMap(changesIn), 'east');
    plane.commit();
    const seen = ['home', 'east'].map((cluster) => namesIn(plane, { CLUSTER_ID: cluster })[`db-0.${db}`]);
    assert.deepEqual(seen, ['10.1.0.1 / db-0.db', '10.2.0.1 / db-0.db']);
  });
});

describe('names', () => {
  it('are none for whoever asks DNS itself', () => {
    const plane = controlPlaneOf(service('clusterIP: 10.96.0.1'));
    assert.deepEqual(namesIn(plane, { DNS_CAPTURE: 'false' }), {});
  });
});
