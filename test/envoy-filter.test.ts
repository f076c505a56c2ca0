/** EnvoyFilters from YAML to what proxies hold, and what they cost those that they are not for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ControlPlane } from '../src/control-plane.ts';
import type { Scope } from '../src/model/scope.ts';
import { resourceJson } from '../src/resource/json.ts';
import type { Resource } from '../src/resource/resource.ts';
import { clusterType, extensionType, listenerType, routeType, type TypeUrl } from '../src/resource/types.ts';
import { controlPlaneOf } from './support/control-plane.ts';
import { changesIn, removalsIn } from './support/objects.ts';
import { proxyOf } from './support/proxy.ts';

const world = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.1.0.1, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: bank}
spec: {clusterIP: 10.1.0.2, ports: [{name: http, port: 80}, {name: tcp, port: 9000}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {app: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.example]
  gateways: [edge]
  http: [{name: all, route: [{destination: {host: web}}]}]`;

const lua = '{"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua, inline_code: ""}';
const managerType =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const managerName = 'envoy.filters.network.http_connection_manager';

function filter(patches: string, namespace = 'shop', name = 'own'): string {
  return `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: ${name}, namespace: ${namespace}}
spec: {configPatches: [${patches}]}`;
}

let connections = 0;

/** Connects a proxy whose pod is `app`-1; `moved` is told of each scope after the first. */
function connect(
  plane: ControlPlane,
  namespace: string,
  { type = 'sidecar', app = 'web' }: { readonly type?: 'sidecar' | 'router'; readonly app?: string } = {},
  moved: (scope: Scope) => void = () => {},
): Scope {
  connections += 1;
  const proxy = proxyOf({ type, pod: `${app}-1`, namespace, labels: { app } }, connections);
  return plane.connect(proxy, moved).scope;
}

/** The resources that a scope has of a type, by name. */
function held(plane: ControlPlane, type: TypeUrl, scope: Scope, names: readonly string[] = []): Map<string, Resource> {
  const view = plane.view(type, scope);
  view?.follow(new Set(names));
  return new Map([...(view?.contents.resources() ?? [])].map((resource) => [resource.name, resource]));
}

function json(resource: Resource | undefined): unknown {
  return resource === undefined ? undefined : resourceJson(resource);
}

describe('an EnvoyFilter', () => {
  it('changes clusters of its proxies alone, and leaves those that it does not mean the very same', () => {
    const plane = controlPlaneOf(
      `${world}\n---${filter('{applyTo: CLUSTER, match: {cluster: {portNumber: 9000}}, patch: {operation: MERGE, value: {connect_timeout: 3s}}}')}`,
    );
    const [own, other] = [connect(plane, 'shop'), connect(plane, 'bank')].map((scope) =>
      held(plane, clusterType, scope),
    );
    const ledger = 'outbound|9000||ledger.bank.svc.cluster.local';
    const timeout = (resource: Resource | undefined) => (json(resource) as { connectTimeout?: string }).connectTimeout;
    assert.deepEqual([timeout(own?.get(ledger)), timeout(other?.get(ledger))], ['3s', '10s']);
    assert.deepEqual(
      [...(own ?? [])]
        .filter(([name, resource]) => other?.get(name) !== resource && other?.has(name))
        .map(([name]) => name),
      [ledger],
    );
  });

  it('is named among the origins of what it changed', () => {
    const plane = controlPlaneOf(
      `${world}\n---${filter('{applyTo: CLUSTER, match: {cluster: {portNumber: 9000}}, patch: {operation: MERGE, value: {connect_timeout: 3s}}}')}`,
    );
    const clusters = held(plane, clusterType, connect(plane, 'shop'));
    assert.deepEqual(clusters.get('outbound|9000||ledger.bank.svc.cluster.local')?.origins, [
      'Service/bank/ledger',
      'EnvoyFilter/shop/own',
    ]);
  });

  it('adds clusters and listeners, but takes no name from what is there', () => {
    const plane = controlPlaneOf(
      `${world}\n---${filter(`
      {applyTo: CLUSTER, patch: {operation: ADD, value: {name: mine, connect_timeout: 1s}}},
      {applyTo: CLUSTER, patch: {operation: ADD, value: {name: BlackHoleCluster, connect_timeout: 1s}}},
      {applyTo: LISTENER, patch: {operation: ADD, value: {name: mine, stat_prefix: x}}}`)}`,
    );
    const scope = connect(plane, 'shop');
    const clusters = held(plane, clusterType, scope);
    assert.deepEqual(
      [json(clusters.get('mine')), (json(clusters.get('BlackHoleCluster')) as { type: string }).type],
      [{ '@type': clusterType, name: 'mine', connectTimeout: '1s' }, 'STATIC'],
    );
    assert.deepEqual(json(held(plane, listenerType, scope).get('mine')), {
      '@type': listenerType,
      name: 'mine',
      statPrefix: 'x',
    });
  });

  it('puts HTTP filters before the router of outbound, inbound and gateway traffic as it says', () => {
    const insert = (context: string, name: string) => `
      {applyTo: HTTP_FILTER,
       match: {context: ${context}, listener: {filterChain: {filter: {name: ${managerName}, subFilter: {name: envoy.filters.http.router}}}}},
       patch: {operation: INSERT_BEFORE, value: {name: ${name}, typed_config: ${lua}}}}`;
    const plane = controlPlaneOf(
      `${world}\n---${filter(`${insert('SIDECAR_OUTBOUND', 'out')}, ${insert('SIDECAR_INBOUND', 'in')}, ${insert('GATEWAY', 'gate')}`)}`,
    );
    const inserted = (scope: Scope, name: string) =>
      JSON.stringify(json(held(plane, listenerType, scope).get(name)))
        .match(/"name":"(out|in|gate)"/g)
        ?.filter((found, i, all) => all.indexOf(found) === i);
    const sidecar = connect(plane, 'shop');
    const gateway = connect(plane, 'shop', { type: 'router', app: 'edge' });
    assert.deepEqual(
      [inserted(sidecar, '0.0.0.0_80'), inserted(sidecar, 'virtualInbound'), inserted(gateway, '0.0.0.0_80')],
      [['"name":"out"'], ['"name":"in"'], ['"name":"gate"']],
    );
  });

  it('changes a gateway’s connection manager', () => {
    const plane = controlPlaneOf(
      `${world}\n---${filter(`
      {applyTo: NETWORK_FILTER,
       match: {context: GATEWAY, listener: {filterChain: {filter: {name: ${managerName}}}}},
       patch: {operation: MERGE, value: {typed_config: {"@type": ${managerType}, xff_num_trusted_hops: 2}}}}`)}`,
    );
    const listeners = held(plane, listenerType, connect(plane, 'shop', { type: 'router', app: 'edge' }));
    assert.match(JSON.stringify(json(listeners.get('0.0.0.0_80'))), /"xffNumTrustedHops":2/);
  });

  it('changes routes, whose parts then name it', () => {
    const plane = controlPlaneOf(
      `${world}\n---${filter(`
      {applyTo: HTTP_ROUTE,
       match: {context: GATEWAY, routeConfiguration: {portNumber: 80, vhost: {name: 'web.example:80'}}},
       patch: {operation: INSERT_FIRST, value: {name: ping, match: {path: /ping}, direct_response: {status: 200}}}}`)}`,
    );
    const scope = connect(plane, 'shop', { type: 'router', app: 'edge' });
    const route = held(plane, routeType, scope, ['http.80']).get('http.80');
    assert.match(JSON.stringify(json(route)), /"name":"ping".*"name":"all"/);
    assert.deepEqual(route?.parts, [
      {
        name: 'web.example:80',
        origins: ['Gateway/shop/edge', 'VirtualService/shop/web', 'EnvoyFilter/shop/own'],
        routes: [
          { object: 'EnvoyFilter/shop/own', path: 'spec.configPatches[0]' },
          { object: 'VirtualService/shop/web', path: 'spec.http[0]' },
        ],
      },
    ]);
  });

  it('serves configurations of filters by name', () => {
    const plane = controlPlaneOf(
      `${world}\n---${filter(`{applyTo: EXTENSION_CONFIG, patch: {operation: ADD, value: {name: script, typed_config: ${lua}}}}`)}`,
    );
    const [own, other] = [connect(plane, 'shop'), connect(plane, 'bank')].map((scope) =>
      held(plane, extensionType, scope, ['script', 'nothing']),
    );
    assert.deepEqual([[...(own?.keys() ?? [])], [...(other?.keys() ?? [])]], [['script'], []]);
  });

  it('comes into force and goes while proxies are connected', () => {
    const plane = controlPlaneOf(world);
    let scope = connect(plane, 'shop', {}, (next) => {
      scope = next;
    });
    const names = () => held(plane, clusterType, scope).has('PassthroughCluster');
    const yaml = filter('{applyTo: CLUSTER, match: {cluster: {name: PassthroughCluster}}, patch: {operation: REMOVE}}');
    const seen = [names()];
    plane.apply(changesIn(yaml));
    plane.commit();
    seen.push(names());
    plane.apply(removalsIn(yaml));
    plane.commit();
    seen.push(names());
    assert.deepEqual(seen, [true, false, true]);
  });
});

describe('what is patched', () => {
  it('is patched again only where it changes', () => {
    const plane = controlPlaneOf(
      `${world}\n---${filter('{applyTo: CLUSTER, patch: {operation: MERGE, value: {per_connection_buffer_limit_bytes: 9}}}')}`,
    );
    const scope = connect(plane, 'shop');
    const before = held(plane, clusterType, scope);
    plane.apply(
      changesIn(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ledger, namespace: bank}
spec: {host: ledger, trafficPolicy: {portLevelSettings: [{port: {number: 9000}, connectionPool: {tcp: {maxConnections: 7}}}]}}`),
    );
    plane.commit();
    const after = held(plane, clusterType, scope);
    const patched = [...after.values()].filter((resource) => /LimitBytes":9/.test(JSON.stringify(json(resource))));
    assert.equal(patched.length, after.size);
    assert.deepEqual(
      [...after]
        .filter(([name, resource]) => before.get(name)?.version !== resource.version)
        .map(([name]) => name)
        .sort(),
      ['outbound|80||ledger.bank.svc.cluster.local', 'outbound|9000||ledger.bank.svc.cluster.local'],
    );
    const elsewhere = 'outbound|80||web.shop.svc.cluster.local';
    assert.equal(after.get(elsewhere), before.get(elsewhere));
  });
});

describe('an EnvoyFilter costs', () => {
  /** What is computed when an EnvoyFilter of a namespace is added and then changed, with views of everything open. */
  function computedFor(namespace: string, services: number): readonly (readonly string[])[] {
    const computed: string[] = [];
    const many = Array.from(
      { length: services },
      (_, i) => `
---
apiVersion: v1
kind: Service
metadata: {name: s${i}, namespace: bank}
spec: {clusterIP: 10.2.0.${i}, ports: [{name: http, port: 80}]}`,
    );
    const plane = controlPlaneOf(`${world}${many.join('')}`, { onCompute: (query) => computed.push(query) });
    const open = (scope: Scope) => {
      for (const type of [clusterType, listenerType, routeType]) {
        const view = plane.view(type, scope);
        view?.attach({ revision: 0, changed() {} });
        view?.follow(new Set(['80']));
      }
    };
    for (const where of ['shop', 'bank']) open(connect(plane, where, {}, open));
    return [3, 4].map((seconds) => {
      computed.length = 0;
      plane.apply(
        changesIn(
          filter(
            `{applyTo: CLUSTER, match: {cluster: {portNumber: 9000}}, patch: {operation: MERGE, value: {connect_timeout: ${seconds}s}}}`,
            namespace,
          ),
        ),
      );
      plane.commit();
      return [...computed].sort();
    });
  }

  it('nothing to proxies of other namespaces', () => {
    const [added, changed] = computedFor('elsewhere', 2);
    assert.deepEqual([added, changed], [[], []]);
  });

  it('its own proxies one cell for each part of what they see, however many services there are', () => {
    const [few, many] = [computedFor('shop', 2), computedFor('shop', 40)];
    assert.deepEqual(few, many);
    // Two namespaces, what goes to no service, and what goes to the workload itself.
    assert.equal(few[1]?.filter((query) => query === 'patchedClusters').length, 4);
    assert.deepEqual(
      few[1]?.filter((query) => !/patch|added|taken/i.test(query)),
      ['scope'],
    );
  });
});
