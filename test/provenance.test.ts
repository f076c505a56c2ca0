/** Every byte knows where it came from: each resource, virtual host and route names its objects, with file and line. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { must } from '../src/lib/assert.ts';
import { describeOrigin, type Origin, originKey } from '../src/model/origin.ts';
import { pushOrder, routeType, shortType } from '../src/resource/types.ts';
import { changeOf, objectsIn } from './support/objects.ts';
import { Plane } from './support/plane.ts';
import { connect } from './support/steps.ts';

const yaml = `apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: shop }
spec: { clusterIP: 10.1.0.1, selector: { app: reviews }, ports: [{ name: http, port: 80, targetPort: 9080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: 10.1.0.2, ports: [{ name: tcp-sql, port: 5432 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: reviews-1, namespace: shop, labels: { kubernetes.io/service-name: reviews } }
addressType: IPv4
ports: [{ name: http, port: 9080 }]
endpoints: [{ addresses: [10.0.0.1] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: shop }
spec:
  hosts: [reviews]
  http:
    - match: [{ uri: { prefix: /part } }]
      delegate: { name: part }
    - route: [{ destination: { host: reviews, subset: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: part, namespace: shop }
spec:
  http:
    - directResponse: { status: 418 }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db, namespace: shop }
spec:
  hosts: [db]
  tcp:
    - route: [{ destination: { host: db } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: shop }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside, namespace: shop }
spec:
  hosts: [outside.test]
  resolution: STATIC
  ports: [{ number: 8443, name: tcp, protocol: TCP }]
  workloadSelector: { labels: { app: vm } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: vm, namespace: shop }
spec: { address: 10.0.0.9, labels: { app: vm } }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec: { selector: { istio: ingress }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.test] }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: front, namespace: shop }
spec:
  hosts: [shop.test]
  gateways: [front]
  http:
    - route: [{ destination: { host: reviews } }]
`;

/** Each resource and what it comes from; virtual hosts and routes below their configuration. */
function provenance(proxyType: 'sidecar' | 'router', types: readonly string[]): readonly string[] {
  const plane = new Plane({
    namesFor: (type) => (type !== routeType ? [] : proxyType === 'router' ? ['http.80'] : ['80']),
  });
  const objects = objectsIn(yaml, 'mesh.yaml');
  plane.controlPlane.apply(objects.map(changeOf));
  const labels = proxyType === 'router' ? { istio: 'ingress' } : { app: 'reviews' };
  plane.take(connect('shop', { type: proxyType, labels }));
  const origins = new Map(objects.map(({ origin }): [string, Origin] => [originKey(origin), origin]));
  const describe = (key: string, path?: string) => describeOrigin(must(origins.get(key), `the object ${key}`), path);
  const lines = (of: readonly string[]) => of.map((key) => describe(key)).join(', ') || 'nobody';
  return pushOrder
    .filter((type) => types.includes(shortType(type)))
    .flatMap((type) => [...(plane.served('1').get(type)?.values() ?? [])])
    .flatMap((resource) => [
      `${resource.name}: ${lines(resource.origins)}`,
      ...(resource.parts ?? []).flatMap((part) => [
        `  ${part.name}: ${lines(part.origins)}`,
        ...part.routes.map((rule) => `    ${rule === undefined ? 'nobody' : describe(rule.object, rule.path)}`),
      ]),
    ]);
}

function check(
  name: string,
  proxyType: 'sidecar' | 'router',
  types: readonly string[],
  expected: readonly string[],
): void {
  it(name, () => assert.deepEqual(provenance(proxyType, types), expected));
}

check(
  'clusters and endpoints name services, rules, slices and workloads',
  'sidecar',
  ['cds', 'eds'],
  [
    'outbound|5432||db.shop.svc.cluster.local: Service shop/db (mesh.yaml:6)',
    'outbound|80|v1|reviews.shop.svc.cluster.local: Service shop/reviews (mesh.yaml:1), DestinationRule shop/reviews (mesh.yaml:43)',
    'outbound|80||reviews.shop.svc.cluster.local: Service shop/reviews (mesh.yaml:1), DestinationRule shop/reviews (mesh.yaml:43)',
    'outbound|8443||outside.test: ServiceEntry shop/outside (mesh.yaml:48)',
    'BlackHoleCluster: nobody',
    'PassthroughCluster: nobody',
    'InboundPassthroughCluster: nobody',
    'inbound|9080||: Service shop/reviews (mesh.yaml:1), DestinationRule shop/reviews (mesh.yaml:43)',
    'outbound|5432||db.shop.svc.cluster.local: Service shop/db (mesh.yaml:6)',
    'outbound|80|v1|reviews.shop.svc.cluster.local: Service shop/reviews (mesh.yaml:1), EndpointSlice shop/reviews-1 (mesh.yaml:11)',
    'outbound|80||reviews.shop.svc.cluster.local: Service shop/reviews (mesh.yaml:1), EndpointSlice shop/reviews-1 (mesh.yaml:11)',
    'outbound|8443||outside.test: ServiceEntry shop/outside (mesh.yaml:48), WorkloadEntry shop/vm (mesh.yaml:57)',
  ],
);
check(
  'listeners name the services that want them and the rules that shape them',
  'sidecar',
  ['lds'],
  [
    '10.1.0.2_5432: Service shop/db (mesh.yaml:6), VirtualService shop/db (mesh.yaml:35)',
    '0.0.0.0_80: Service shop/reviews (mesh.yaml:1)',
    '0.0.0.0_8443: ServiceEntry shop/outside (mesh.yaml:48)',
    'virtualOutbound: nobody',
    'virtualInbound: Service shop/reviews (mesh.yaml:1), DestinationRule shop/reviews (mesh.yaml:43)',
  ],
);
check(
  'routes name their rules, those of delegates the delegate',
  'sidecar',
  ['rds'],
  [
    '80: nobody',
    '  reviews.shop.svc.cluster.local:80: Service shop/reviews (mesh.yaml:1), VirtualService shop/reviews (mesh.yaml:18), VirtualService shop/part (mesh.yaml:28)',
    '    VirtualService shop/part (mesh.yaml:33)',
    '    VirtualService shop/reviews (mesh.yaml:26)',
    '  allow_any: nobody',
    '    nobody',
  ],
);
check(
  'what gateways have names Gateways and rules',
  'router',
  ['lds', 'rds'],
  [
    '0.0.0.0_80: Gateway shop/front (mesh.yaml:62)',
    'http.80: nobody',
    '  shop.test:80: Gateway shop/front (mesh.yaml:62), VirtualService shop/front (mesh.yaml:67)',
    '    VirtualService shop/front (mesh.yaml:74)',
  ],
);
