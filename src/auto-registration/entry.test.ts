import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indent } from '../../test/support/indent.ts';
import { objectIn } from '../../test/support/objects.ts';
import { type ProxyText, proxyOf } from '../../test/support/proxy.ts';
import { decodeConfig } from '../config/decode.ts';
import { must } from '../lib/assert.ts';
import { healthChecked } from '../model/workload.ts';
import { asked, claimed, claimedAnew, type EntryObject, entryName, entryOf, left, withHealth } from './entry.ts';

function groupOf(spec: string, uid?: string) {
  const object = objectIn(
    `apiVersion: networking.istio.io/v1\nkind: WorkloadGroup\nmetadata: {name: vms, namespace: shop}\nspec:\n${indent(spec, 2)}`,
  );
  const { config } = decodeConfig('WorkloadGroup', object);
  const group = must(config, 'a WorkloadGroup');
  return uid === undefined ? group : { ...group, origin: { ...group.origin, uid } };
}

describe('the name of an entry', () => {
  function check(name: string, args: readonly [string, string, string], expected: string): void {
    it(name, () => assert.equal(entryName(...args), expected));
  }
  check('has the group and the address', ['vms', '10.0.0.1', ''], 'vms-10.0.0.1');
  check('has the network', ['vms', '10.0.0.1', 'west'], 'vms-10.0.0.1-west');
  check('has no colons', ['vms', '2001:db8::1', ''], 'vms-2001-db8--1');
  check('has no capitals', ['vms', '2001:DB8::A', ''], 'vms-2001-db8--a');
  check('ends as names may', ['vms', '2001:db8::', ''], 'vms-2001-db8');
  check('is no longer than Kubernetes allows', ['a'.repeat(300), '10.0.0.1', ''], `${'a'.repeat(244)}-10.0.0.1`);
});

describe('an entry', () => {
  const plain = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: {
      namespace: 'shop',
      name: 'vms-10.0.0.1',
      labels: {},
      annotations: { 'istio.io/autoRegistrationGroup': 'vms' },
    },
    spec: { address: '10.0.0.1', labels: {} },
  };
  function check(
    name: string,
    { group, uid, proxy = {} }: { readonly group: string; readonly uid?: string; readonly proxy?: ProxyText },
    expected: { readonly metadata?: object; readonly spec?: object },
  ): void {
    it(name, () =>
      assert.deepEqual(entryOf(proxyOf(proxy), '10.0.0.1', groupOf(group, uid)), {
        ...plain,
        metadata: { ...plain.metadata, ...expected.metadata },
        spec: { ...plain.spec, ...expected.spec },
      }),
    );
  }
  check('is at the address of its proxy', { group: 'template: {}' }, {});
  check(
    'is what the template says',
    { group: 'template: {serviceAccount: app, ports: {http: 8080}, network: east, locality: r1/z1, weight: 3}' },
    { spec: { serviceAccount: 'app', ports: { http: 8080 }, network: 'east', locality: 'r1/z1', weight: 3 } },
  );
  const labels = { a: 'template', b: 'group', c: 'node' };
  check(
    'has the labels of its node over those of the group and the template',
    {
      group: 'template: {labels: {a: template, b: template, c: template}}\nmetadata: {labels: {b: group, c: group}}',
      proxy: { labels: { c: 'node', 'istio-locality': 'r1.z1' } },
    },
    { metadata: { labels }, spec: { labels } },
  );
  check(
    'is where its node says',
    {
      group: 'template: {network: east, locality: r1/z1}',
      proxy: { metadata: { NETWORK: 'west' }, locality: { region: 'r2', zone: 'z2', subzone: '' } },
    },
    { metadata: { name: 'vms-10.0.0.1-west' }, spec: { network: 'west', locality: 'r2/z2' } },
  );
  const checked = { 'istio.io/autoRegistrationGroup': 'vms', 'proxy.istio.io/health-checks-enabled': 'true' };
  check(
    'is not healthy before a probe of its group says so, and has the annotations of the group',
    { group: 'template: {}\nprobe: {tcpSocket: {port: 80}}\nmetadata: {annotations: {team: red}}' },
    { metadata: { annotations: { team: 'red', ...checked } } },
  );
  check(
    'is not healthy before a probe of its agent says so',
    { group: 'template: {}', proxy: { metadata: { PROXY_CONFIG: { readinessProbe: { tcpSocket: { port: 80 } } } } } },
    { metadata: { annotations: checked } },
  );
  check(
    'goes with its group where an API server holds that',
    { group: 'template: {}', uid: 'u1' },
    {
      metadata: {
        ownerReferences: [
          { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadGroup', name: 'vms', uid: 'u1', controller: true },
        ],
      },
    },
  );
});

describe('the life of an entry', () => {
  const entry = entryOf(proxyOf({ labels: { app: 'a' } }), '10.0.0.1', groupOf('template: {}'));
  const group = { 'istio.io/autoRegistrationGroup': 'vms' };
  const first = claimedAnew(entry, { controller: 'one', connectedAtMs: 0 });
  const annotationsOf = ({ metadata }: EntryObject) => metadata.annotations;

  it('begins with who has it', () =>
    assert.deepEqual(annotationsOf(first), {
      ...group,
      'istio.io/workloadController': 'one',
      'istio.io/connectedAt': '1970-01-01T00:00:00.000Z',
    }));

  const gone = left(asked(first, 1000), 2000);
  it('goes on without a workload', () =>
    assert.deepEqual(annotationsOf(gone), {
      ...group,
      'istio.io/workloadController': 'one',
      'istio.io/disconnectedAt': '1970-01-01T00:00:02.000Z',
    }));

  it('goes on with what others have said of it when its workload is back, as that is now', () => {
    const noted = {
      ...gone,
      metadata: { ...gone.metadata, annotations: { ...annotationsOf(gone), note: 'x' }, uid: 'u' },
    };
    const other = entryOf(proxyOf({ labels: { app: 'b' } }), '10.0.0.1', groupOf('template: {}'));
    assert.deepEqual(claimed(noted, other, { controller: 'two', connectedAtMs: 3000 }), {
      ...other,
      metadata: {
        ...other.metadata,
        uid: 'u',
        annotations: {
          ...group,
          note: 'x',
          'istio.io/workloadController': 'two',
          'istio.io/connectedAt': '1970-01-01T00:00:03.000Z',
        },
      },
    });
  });

  it('counts what a probe says only as long as there is one', () => {
    const probed = entryOf(proxyOf({}), '10.0.0.1', groupOf('template: {}\nprobe: {tcpSocket: {port: 80}}'));
    const was = claimedAnew(probed, { controller: 'one', connectedAtMs: 0 });
    const { [healthChecked]: isProbed } = annotationsOf(was) ?? {};
    const now = claimed(was, entry, { controller: 'one', connectedAtMs: 0 });
    assert.deepEqual([isProbed, annotationsOf(now)], ['true', annotationsOf(first)]);
  });

  it('keeps when it was asked about', () =>
    assert.equal(annotationsOf(asked(first, 1000))?.['registration.fairway.dev/askedAt'], '1970-01-01T00:00:01.000Z'));
});

describe('the health of an entry', () => {
  const accepted = { type: 'Accepted', status: 'True' };
  const at = (second: number) => `1970-01-01T00:00:0${second}Z`;
  const healthy = (status: string, message: string, probed: number, since: number) => ({
    type: 'Healthy',
    status,
    reason: status === 'True' ? 'ProbeSucceeded' : 'ProbeFailed',
    message,
    lastProbeTime: at(probed),
    lastTransitionTime: at(since),
  });
  function check(
    name: string,
    before: readonly object[],
    problem: string | undefined,
    expected: readonly object[] | undefined,
  ): void {
    it(name, () => assert.deepEqual(withHealth({ status: { conditions: before } }, { problem }, 5000), expected));
  }
  check('stands beside the conditions of others', [accepted], undefined, [accepted, healthy('True', '', 5, 5)]);
  check('is said once', [healthy('False', 'no', 1, 1)], 'no', undefined);
  check('keeps its time when only the reason differs', [healthy('False', 'no', 1, 1)], 'still no', [
    healthy('False', 'still no', 5, 1),
  ]);
  check('changes', [healthy('False', 'no', 1, 1), accepted], undefined, [accepted, healthy('True', '', 5, 5)]);
  check('has a bound', [], 'x'.repeat(5000), [healthy('False', 'x'.repeat(1024), 5, 5)]);
});
