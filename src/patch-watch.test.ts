import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeClock } from '../test/support/fake-clock.ts';
import { changesIn, removalsIn } from '../test/support/objects.ts';
import { proxyOf } from '../test/support/proxy.ts';
import { ControlPlane } from './control-plane.ts';
import { silent } from './lib/log.ts';
import { formatProblem } from './model/problem.ts';

const world = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.1.0.1, selector: {app: web}, ports: [{name: http, port: 80}]}`;

const managerName = 'envoy.filters.network.http_connection_manager';
const tcpProxy = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';

function filter(...patches: readonly string[]): string {
  return `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: own, namespace: shop}
spec:
  configPatches:
${patches.map((patch) => `  - {${patch}}\n`).join('')}`;
}

const remove = (applyTo: string, match: string) => `applyTo: ${applyTo}, match: {${match}}, patch: {operation: REMOVE}`;

/** A control plane of its own for one test, in which time stands still. */
function plane(yaml: string) {
  const clock = fakeClock();
  const controlPlane = new ControlPlane({ log: silent, cluster: 'c', domainSuffix: 'cluster.local', clock });
  let connections = 0;
  return {
    clock,
    apply(text: string) {
      controlPlane.apply(changesIn(text));
      controlPlane.commit();
    },
    remove(text: string) {
      controlPlane.apply(removalsIn(text));
      controlPlane.commit();
    },
    connect(namespace: string) {
      connections += 1;
      return controlPlane.connect(proxyOf({ namespace, labels: { app: 'web' } }, connections), () => {});
    },
    /** What is said a while later, but for what is said of objects by themselves. */
    said() {
      clock.advance(3000);
      return controlPlane.diagnostics
        .all()
        .filter(({ code }) => code === 'FW0604' || code === 'FW0605')
        .map(({ file: _, object: __, ...rest }) => formatProblem(rest));
    },
    begin() {
      this.apply(`${world}\n---${yaml}`);
      return this;
    },
  };
}

describe('of the patches of an EnvoyFilter it is said', () => {
  function check(name: string, patches: readonly string[], ...expected: readonly string[]): void {
    it(name, () => {
      const { connect, said } = plane(filter(...patches)).begin();
      connect('shop');
      connect('shop');
      assert.deepEqual(said(), expected);
    });
  }

  check('nothing when all of them do something', [
    remove('CLUSTER', 'cluster: {portNumber: 80}'),
    remove(
      'HTTP_FILTER',
      `listener: {filterChain: {filter: {name: ${managerName}, subFilter: {name: envoy.filters.http.cors}}}}`,
    ),
    remove('VIRTUAL_HOST', 'routeConfiguration: {vhost: {name: allow_any}}'),
    'applyTo: CLUSTER, patch: {operation: ADD, value: {name: mine}}',
    'applyTo: LISTENER, patch: {operation: ADD, value: {name: mine}}',
  ]);
  check(
    'that they match nothing',
    [
      remove('CLUSTER', 'cluster: {portNumber: 80}'),
      remove('CLUSTER', 'cluster: {portNumber: 81}'),
      remove('FILTER_CHAIN', 'listener: {name: nothing}'),
      remove('HTTP_ROUTE', 'routeConfiguration: {vhost: {route: {name: nothing}}}'),
    ],
    ...[1, 2, 3].map(
      (i) =>
        `spec.configPatches[${i}]: expected something that it matches, found nothing with the 2 proxies that it is for [FW0604]`,
    ),
  );
  check(
    'that they are for nobody',
    [remove('CLUSTER', 'context: GATEWAY')],
    'spec.configPatches[0]: expected a proxy that it is for, found none among the 2 connected [FW0604]',
  );
  check(
    'that they do not fit',
    [
      `applyTo: NETWORK_FILTER, match: {listener: {portNumber: 80, filterChain: {filter: {name: ${managerName}}}}}, patch: {operation: MERGE, value: {typed_config: {"@type": ${tcpProxy}}}}`,
    ],
    `spec.configPatches[0]: expected a typed_config of type envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager as ${managerName} has, found envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy [FW0605]`,
  );
  check(
    'that what they add has a name that is taken',
    [
      'applyTo: CLUSTER, patch: {operation: ADD, value: {name: BlackHoleCluster}}',
      'applyTo: CLUSTER, patch: {operation: ADD, value: {name: mine}}',
      'applyTo: CLUSTER, patch: {operation: ADD, value: {name: mine}}',
    ],
    'spec.configPatches[0]: expected a name that nothing has yet, found BlackHoleCluster [FW0605]',
    'spec.configPatches[2]: expected a name that no earlier patch has added, found mine [FW0605]',
  );
});

describe('what is said of patches', () => {
  const yaml = filter(remove('CLUSTER', 'cluster: {portNumber: 81}'));
  const nothing = (proxies: number) =>
    `spec.configPatches[0]: expected something that it matches, found nothing with the ${proxies} proxies that it is for [FW0604]`;
  const nobody = (proxies: number) =>
    `spec.configPatches[0]: expected a proxy that it is for, found none among the ${proxies} connected [FW0604]`;

  it('waits for proxies to come', () => {
    const { clock, connect, said } = plane(yaml).begin();
    assert.deepEqual([said(), clock.pending], [[], 0]);
    connect('bank');
    clock.advance(2999);
    connect('shop');
    assert.deepEqual(said(), [nothing(1)]);
  });

  it('changes with the proxies that are there', () => {
    const { connect, said } = plane(yaml).begin();
    const bank = connect('bank');
    const seen = [said()];
    const shop = connect('shop');
    seen.push(said());
    shop.close();
    seen.push(said());
    bank.close();
    seen.push(said());
    assert.deepEqual(seen, [[nobody(1)], [nothing(1)], [nobody(1)], []]);
  });

  it('changes with what there is to match, and with the EnvoyFilter', () => {
    const { connect, said, apply, remove: take } = plane(yaml).begin();
    connect('shop');
    const seen = [said()];
    const more = `
apiVersion: v1
kind: Service
metadata: {name: more, namespace: shop}
spec: {clusterIP: 10.1.0.2, ports: [{name: http, port: 81}]}`;
    apply(more);
    seen.push(said());
    take(more);
    seen.push(said());
    take(yaml);
    seen.push(said());
    assert.deepEqual(seen, [[nothing(1)], [], [nothing(1)], []]);
  });
});
