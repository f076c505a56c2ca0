import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MeshConfig } from '../config/mesh-config.ts';
import { isClusterLocal, localHosts } from './cluster-local.ts';

function check(
  name: string,
  host: string,
  settings: NonNullable<MeshConfig['serviceSettings']>,
  expected: boolean,
): void {
  it(name, () => assert.equal(isClusterLocal(host, localHosts(settings)), expected));
}
const local = (...hosts: readonly string[]) => ({ settings: { clusterLocal: true }, hosts });
const shared = (...hosts: readonly string[]) => ({ settings: { clusterLocal: false }, hosts });
const host = 'a.shop.svc.cluster.local';

describe('a host is another service in each cluster', () => {
  check('not unless somebody says so', host, [], false);
  check('when it is said of it', host, [local(host)], true);
  check('when it is said in another spelling', host, [local('A.Shop.svc.cluster.local')], true);
  check('when it is said of its namespace', host, [local('*.shop.svc.cluster.local')], true);
  check('not when it is said of another one', host, [local('b.shop.svc.cluster.local')], false);
  check(
    'not when something else is said of it than of its namespace',
    host,
    [local('*.shop.svc.cluster.local'), shared(host)],
    false,
  );
  check('not when the settings say nothing of that', host, [{ hosts: [host] }], false);
  check('when Kubernetes runs it', 'kube-dns.kube-system.svc.cluster.local', [], true);
  check('when it is the API server', 'kubernetes.default.svc.cluster.local', [], true);
  check('not when it merely lives beside it', 'kubernetes2.default.svc.cluster.local', [], false);
  check('when it is the control plane', 'istiod.istio-system.svc.cluster.local', [], true);
  check(
    'not when somebody says otherwise',
    'kube-dns.kube-system.svc.cluster.local',
    [shared('*.kube-system.svc.cluster.local')],
    false,
  );
});
