import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controlPlaneOf } from '../../test/support/control-plane.ts';
import { proxyOf } from '../../test/support/proxy.ts';
import { noPatches, patchingOf } from '../model/scope.ts';

interface ProxyText {
  readonly type?: 'sidecar' | 'router';
  readonly version?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly metadata?: { readonly [key: string]: string };
}

/** What is in force for a proxy of the namespace shop. */
function patching(yaml: string, { type = 'sidecar', version = '1.30.1', labels = {}, metadata = {} }: ProxyText) {
  const plane = controlPlaneOf(yaml);
  const proxy = proxyOf({ type, pod: 'a', labels, metadata: { ISTIO_VERSION: version, ...metadata } });
  return plane.connect(proxy, () => {}).scope.patching;
}

/** An EnvoyFilter as one line of its metadata, and one line for each patch. */
function filter(metadata: string, patches: readonly string[], spec = ''): string {
  return `---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {${metadata}}
spec:
  ${spec}
  configPatches:
${patches.map((patch) => `  - {${patch}}\n`).join('')}`;
}

const timeout = 'patch: {operation: MERGE, value: {connect_timeout: 1s}}';
const cluster = (context: string) => `applyTo: CLUSTER, match: {context: ${context}}, ${timeout}`;
const add = (applyTo: string) => `applyTo: ${applyTo}, patch: {operation: ADD, value: {name: a}}`;
const remove = (applyTo: string, match = 'context: ANY') =>
  `applyTo: ${applyTo}, match: {${match}}, patch: {operation: REMOVE}`;

describe('for a proxy the patches are in force', () => {
  function check(name: string, yaml: string, proxy: ProxyText, expected: Partial<typeof noPatches>): void {
    it(name, () => assert.deepEqual(patching(yaml, proxy), patchingOf({ ...noPatches, ...expected })));
  }

  check(
    'of its namespace and of the root namespace, the latter first',
    filter('name: a, namespace: shop', [cluster('SIDECAR_OUTBOUND')]) +
      filter('name: b, namespace: istio-system', [cluster('SIDECAR_OUTBOUND')]) +
      filter('name: c, namespace: bank', [cluster('SIDECAR_OUTBOUND')]),
    {},
    { clusters: 'istio-system/b#0 shop/a#0' },
  );
  check(
    'by priority before anything else, then the older first, then by name',
    filter('name: z, namespace: istio-system', [cluster('SIDECAR_OUTBOUND')], 'priority: 5') +
      filter("name: b, namespace: shop, creationTimestamp: '2025-02-02T00:00:00Z'", [cluster('SIDECAR_OUTBOUND')]) +
      filter("name: c, namespace: shop, creationTimestamp: '2025-01-01T00:00:00Z'", [cluster('SIDECAR_OUTBOUND')]) +
      filter("name: a, namespace: shop, creationTimestamp: '2025-02-02T00:00:00Z'", [cluster('SIDECAR_OUTBOUND')]) +
      filter('name: d, namespace: shop', [cluster('SIDECAR_OUTBOUND')], 'priority: -1'),
    {},
    { clusters: 'shop/d#0 shop/c#0 shop/a#0 shop/b#0 istio-system/z#0' },
  );
  check(
    'by what they change and for which traffic',
    filter('name: a, namespace: shop', [
      cluster('ANY'),
      cluster('SIDECAR_INBOUND'),
      cluster('GATEWAY'),
      remove('LISTENER'),
      remove('FILTER_CHAIN', 'context: SIDECAR_OUTBOUND'),
      remove('NETWORK_FILTER', 'context: SIDECAR_INBOUND'),
      remove('HTTP_FILTER'),
      remove('LISTENER_FILTER'),
      'applyTo: ROUTE_CONFIGURATION, patch: {operation: MERGE, value: {}}',
      remove('VIRTUAL_HOST', 'context: SIDECAR_OUTBOUND'),
      remove('HTTP_ROUTE', 'context: SIDECAR_INBOUND'),
      add('EXTENSION_CONFIG'),
    ]),
    {},
    {
      clusters: 'shop/a#0',
      inboundClusters: 'shop/a#0 shop/a#1',
      listeners: 'shop/a#3 shop/a#4 shop/a#6 shop/a#7',
      inboundListeners: 'shop/a#3 shop/a#5 shop/a#6 shop/a#7 shop/a#8 shop/a#10',
      routes: 'shop/a#8 shop/a#9',
      extensions: 'shop/a#11',
    },
  );
  check(
    'of a gateway all as one kind of traffic',
    filter('name: a, namespace: shop', [
      cluster('ANY'),
      cluster('GATEWAY'),
      cluster('SIDECAR_OUTBOUND'),
      remove('VIRTUAL_HOST', 'context: GATEWAY'),
    ]),
    { type: 'router' },
    { clusters: 'shop/a#0 shop/a#1', routes: 'shop/a#3' },
  );
  check(
    'with what is added for any traffic only where it leaves',
    filter('name: a, namespace: shop', [
      add('CLUSTER'),
      'applyTo: LISTENER, patch: {operation: INSERT_FIRST, value: {name: a}}',
      'applyTo: FILTER_CHAIN, patch: {operation: ADD, value: {name: a}}',
    ]),
    {},
    { clusters: 'shop/a#0', listeners: 'shop/a#1 shop/a#2', inboundListeners: 'shop/a#2' },
  );
  check(
    'without those whose operation does nothing there and those that are the agent’s',
    filter('name: a, namespace: shop', [
      'applyTo: CLUSTER, patch: {operation: REPLACE, value: {}}',
      'applyTo: ROUTE_CONFIGURATION, patch: {operation: ADD, value: {}}',
      'applyTo: BOOTSTRAP, patch: {operation: MERGE, value: {}}',
    ]),
    {},
    noPatches,
  );
  check(
    'that select its labels',
    filter('name: a, namespace: shop', [cluster('SIDECAR_OUTBOUND')], 'workloadSelector: {labels: {app: web}}') +
      filter('name: b, namespace: shop', [cluster('SIDECAR_OUTBOUND')], 'workloadSelector: {labels: {app: db}}') +
      filter(
        'name: c, namespace: istio-system',
        [cluster('SIDECAR_OUTBOUND')],
        'workloadSelector: {labels: {tier: x}}',
      ),
    { labels: { app: 'web', tier: 'x' } },
    { clusters: 'istio-system/c#0 shop/a#0' },
  );
  check(
    'that ask for its version, found anywhere in it',
    filter('name: a, namespace: shop', [
      `applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, proxy: {proxyVersion: '^1\\.30.*'}}, ${timeout}`,
      `applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, proxy: {proxyVersion: '30'}}, ${timeout}`,
      `applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, proxy: {proxyVersion: '^1\\.29.*'}}, ${timeout}`,
    ]),
    {},
    { clusters: 'shop/a#0 shop/a#1' },
  );
  check(
    'but none that ask for a version when it does not say its own',
    filter('name: a, namespace: shop', [
      `applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, proxy: {proxyVersion: '.*'}}, ${timeout}`,
    ]),
    { version: '' },
    noPatches,
  );
  check(
    'that ask for its metadata, all of it',
    filter('name: a, namespace: shop', [
      `applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, proxy: {metadata: {RING: inner}}}, ${timeout}`,
      `applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, proxy: {metadata: {RING: inner, OTHER: a}}}, ${timeout}`,
    ]),
    { metadata: { RING: 'inner' } },
    { clusters: 'shop/a#0' },
  );
  const target = (name: string) => `targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ${name}}]`;
  check(
    'that target the Gateway it stands for, in its own namespace',
    filter('name: a, namespace: shop', [cluster('GATEWAY')], target('edge')) +
      filter('name: b, namespace: shop', [cluster('GATEWAY')], target('other')) +
      filter('name: c, namespace: istio-system', [cluster('GATEWAY')], target('edge')),
    { type: 'router', labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' } },
    { clusters: 'shop/a#0' },
  );
  check(
    'but a sidecar is no target',
    filter('name: a, namespace: shop', [cluster('ANY')], target('edge')),
    { labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' } },
    noPatches,
  );
});
