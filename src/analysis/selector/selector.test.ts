import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, pod, service } from '../../../test/support/mesh.ts';

function check(name: string, objects: readonly string[], ...lines: readonly string[]): void {
  it(name, () => assert.deepEqual(analysisOf(...objects), lines));
}

const egress = "egress: [{hosts: ['./*']}]";
const sidecar = (id: string, labels: string) =>
  object('Sidecar', id, `{workloadSelector: {labels: {${labels}}}, ${egress}}`);
const nothing = (kind: string, id: string, labels: string) =>
  `warning FW1301 ${kind} ${id} spec.workloadSelector: expected a workload of namespace ${id.split('/')[0]} with ${labels}, found none: it has no effect`;

describe('a selector', () => {
  check('selects workloads', [sidecar('shop/s', 'app: a'), pod('shop/a1', 'app: a, version: v1')]);
  check(
    'selects none',
    [
      sidecar('shop/s', 'app: a, version: v2'),
      pod('shop/a1', 'app: a, version: v1'),
      pod('other/a2', 'app: a, version: v2'),
    ],
    nothing('Sidecar', 'shop/s', 'app=a, version=v2'),
  );
  check('of the root namespace selects in all', [
    object(
      'EnvoyFilter',
      'istio-system/f',
      '{workloadSelector: {labels: {app: a}}, configPatches: [{applyTo: CLUSTER, patch: {operation: REMOVE}}]}',
    ),
    pod('shop/a1', 'app: a'),
  ]);
  check('may select any where nothing that runs is known', [sidecar('shop/s', 'app: a')]);
  check(
    'of a DestinationRule or ServiceEntry is looked at too',
    [
      service('shop/a', 'http: 80'),
      object('DestinationRule', 'shop/d', '{host: a, workloadSelector: {matchLabels: {app: b}}}'),
      object(
        'ServiceEntry',
        'shop/e',
        '{hosts: [e.example.com], resolution: DNS, workloadSelector: {labels: {app: b}}, ports: [{number: 80, name: http, protocol: HTTP}]}',
      ),
      pod('shop/a1', 'app: a'),
    ],
    'warning FW1203 Service shop/a spec: expected an endpoint, found none for a.shop.svc.cluster.local: requests to it get 503',
    nothing('DestinationRule', 'shop/d', 'app=b'),
    nothing('ServiceEntry', 'shop/e', 'app=b'),
  );
});

describe('a WorkloadEntry', () => {
  const vm = object('WorkloadEntry', 'shop/vm', '{address: 10.0.0.1, labels: {app: vm}}');
  check('is selected', [
    vm,
    object(
      'ServiceEntry',
      'shop/e',
      '{hosts: [e.example.com], resolution: STATIC, workloadSelector: {labels: {app: vm}}, ports: [{number: 80, name: http, protocol: HTTP}]}',
    ),
  ]);
  check(
    'is not selected',
    [vm],
    'warning FW1302 WorkloadEntry shop/vm spec.labels: expected a ServiceEntry or Service of namespace shop that selects it, found none: no requests reach it',
  );
});

describe('exportTo', () => {
  const rule = (target: string) => object('DestinationRule', 'shop/d', `{host: a, exportTo: [., ${target}]}`);
  check('names a namespace', [service('shop/a', 'http: 80'), rule('other'), object('Namespace', 'other', '{}')]);
  check(
    'names nothing',
    [service('shop/a', 'http: 80'), rule('othre')],
    'warning FW1303 DestinationRule shop/d spec.exportTo[1]: expected a namespace, found othre, in which nothing is known',
  );
});
