import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, service } from '../../../test/support/mesh.ts';

const sidecar = (id: string, hosts: string, rest = '') =>
  object('Sidecar', id, `{${rest} egress: [{hosts: [${hosts}]}]}`);

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(service('shop/a', 'http: 80'), ...objects), lines));
}

describe('a Sidecar', () => {
  check('is in force', [sidecar('shop/s', './*'), sidecar('shop/t', './*', 'workloadSelector: {labels: {app: a}},')]);
  check(
    'is not in force beside an older one for all workloads',
    [sidecar('shop/s@2', './*'), sidecar('shop/t@1', './*')],
    'error FW1501 Sidecar shop/s: expected one Sidecar without workloadSelector in namespace shop, found an older one: this one has no effect',
    '  Sidecar shop/t is older and counts',
  );
  const selector = 'workloadSelector: {labels: {app: a}},';
  check(
    'is not in force beside an older one for the same workloads',
    [sidecar('shop/s@1', './*', selector), sidecar('shop/t@2', './*', selector)],
    'error FW1501 Sidecar shop/t spec.workloadSelector: expected one Sidecar for these workloads in namespace shop, found an older one: this one has no effect',
    '  Sidecar shop/s is older and counts',
  );
});

describe('the imports of a Sidecar', () => {
  check('are services', [
    sidecar(
      'shop/s',
      "./*, '*/*', shop/a.shop.svc.cluster.local, '*/a.shop.svc.cluster.local', shop/*.local, '~/*', '~other/*'",
    ),
  ]);
  check('may be all of its own namespace, empty as it is', [sidecar('empty/s', './*')]);
  check(
    'are nothing',
    [sidecar('shop/s', "shop/b.shop.svc.cluster.local, other/a.shop.svc.cluster.local, other/*, '*/*.example.com'")],
    ...['shop/b.shop.svc.cluster.local', 'other/a.shop.svc.cluster.local', 'other/*', '*/*.example.com'].map(
      (text, i) =>
        `warning FW1502 Sidecar shop/s spec.egress[0].hosts[${i}]: expected a service, found none that ${text} means: nothing is imported by it`,
    ),
  );
});
