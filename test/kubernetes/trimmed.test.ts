/** What is kept of the objects of an API server is all that is read of them: rows are those of the whole objects. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ControlPlane } from '../../src/control-plane.ts';
import { silent } from '../../src/lib/log.ts';
import { issue } from '../support/certificates.ts';
import { changesIn } from '../support/objects.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { type Mirror, startMirror } from './support/mirror.ts';
import { describeWithKubernetes } from './support/suite.ts';

const authority = issue({ name: 'authority', isAuthority: true });
const server = issue({ name: 'shop.example', altNames: ['shop.example'], issuer: authority.signer });
const base64 = (text: string) => Buffer.from(text).toString('base64');

const world = `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: { team: shop, topology.istio.io/network: north }
  annotations: { networking.istio.io/traffic-distribution: PreferClose }
---
apiVersion: v1
kind: Namespace
metadata: { name: istio-system, labels: { topology.istio.io/network: north } }
---
apiVersion: v1
kind: Node
metadata:
  name: node-1
  labels: { topology.kubernetes.io/region: r, topology.kubernetes.io/zone: r-a, topology.istio.io/subzone: rack, edge: "true" }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop, annotations: { networking.istio.io/exportTo: "." } }
spec:
  selector: { app: web }
  ipFamilyPolicy: PreferDualStack
  trafficDistribution: PreferClose
  internalTrafficPolicy: Local
  publishNotReadyAddresses: true
  ports:
    - { name: web, port: 80, targetPort: http, appProtocol: kubernetes.io/h2c }
    - { name: tcp-db, port: 5432 }
    - { name: dns, port: 53, protocol: UDP }
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: None, selector: { app: db }, ports: [{ name: tcp, port: 5432 }] }
---
apiVersion: v1
kind: Service
metadata: { name: alias, namespace: shop }
spec: { type: ExternalName, externalName: web.shop.svc.cluster.local, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata:
  name: eastwest
  namespace: istio-system
  labels: { topology.istio.io/network: north }
  annotations: { traffic.istio.io/nodeSelector: '{"edge": "true"}' }
spec: { type: NodePort, externalIPs: [192.0.2.9], selector: { app: gw }, ports: [{ name: tls, port: 15443, nodePort: 31443 }] }
---
apiVersion: v1
kind: Service
metadata: { name: old, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: old, namespace: shop }
subsets: [{ addresses: [{ ip: 10.1.0.9 }], ports: [{ name: http, port: 8080 }] }]
---
apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  labels: { app: web, version: v1, security.istio.io/tlsMode: istio }
  ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web-7d4b, uid: 6c5e2a3e-0000-4000-8000-000000000000, controller: true }]
spec:
  nodeName: node-1
  serviceAccountName: web
  hostname: web-1
  subdomain: web
  containers: [{ name: web, image: none, ports: [{ name: http, containerPort: 8080 }], env: [{ name: A, value: b }] }]
---
apiVersion: v1
kind: Pod
metadata: { name: agent, namespace: shop, labels: { app: agent } }
spec: { nodeName: node-1, hostNetwork: true, containers: [{ name: agent, image: none }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: web, port: 8080 }, { name: tcp-db, port: 5432 }]
endpoints:
  - { addresses: [10.1.0.1], conditions: { ready: true }, nodeName: node-1, targetRef: { kind: Pod, namespace: shop, name: web-1 } }
  - { addresses: [10.1.0.2], conditions: { ready: false, serving: true, terminating: true }, hostname: web-2 }
---
apiVersion: v1
kind: Secret
metadata: { name: shop, namespace: shop }
type: kubernetes.io/tls
data: { tls.crt: ${base64(server.certificate)}, tls.key: ${base64(server.key)}, ca.crt: ${base64(authority.certificate)} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: roots, namespace: shop }
data: { ca.crt: ${JSON.stringify(authority.certificate)}, other: text }
`;

const kinds = 'namespaces,nodes,services,endpoints,endpointslices,pods,secrets,configmaps';

describeWithKubernetes('an object of an API server', () => {
  let cluster: Cluster;
  let mirror: Mirror;
  before(async () => {
    cluster = await startCluster();
    await cluster.kubectl(['apply', '-f', '-'], world);
    const setStatus = (path: string, status: object) => cluster.api('PATCH', `/api/v1/${path}/status`, { status });
    await setStatus('nodes/node-1', {
      addresses: [
        { type: 'InternalIP', address: '10.0.0.1' },
        { type: 'ExternalIP', address: '192.0.2.1' },
      ],
    });
    for (const [name, podIP] of [
      ['web-1', '10.1.0.1'],
      ['agent', '10.0.0.1'],
    ])
      await setStatus(`namespaces/shop/pods/${name}`, {
        phase: 'Running',
        podIP,
        podIPs: [{ ip: podIP }],
        conditions: [{ type: 'Ready', status: 'True' }],
      });
    mirror = await startMirror({ cluster });
  });
  after(async () => {
    await mirror?.close();
    await cluster?.stop();
  });

  /** Rows by table and key, but for what tells a file from a server. */
  const rowsOf = ({ graph, mesh }: ControlPlane) =>
    Object.fromEntries(
      Object.entries(mesh.tables).map(([name, table]) => [
        name,
        Object.fromEntries(
          [...graph.rows<unknown>(table)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, row]) => [key, plain(row)]),
        ),
      ]),
    );
  const plain = (row: unknown) =>
    JSON.parse(JSON.stringify(row, (key, value) => (key === 'origin' ? undefined : value)));

  test('gives the rows that it would give as a whole', async () => {
    const whole = new ControlPlane({ log: silent, cluster: 'Kubernetes', domainSuffix: 'cluster.local' });
    whole.apply(changesIn(await cluster.kubectl(['get', kinds, '-A', '-o', 'json'])));
    whole.commit();
    const [found, expected] = [rowsOf(mirror.controlPlane), rowsOf(whole)];
    assert.deepEqual(found, expected);
    for (const table of ['services', 'shards', 'workloads', 'namespaces', 'secrets'])
      assert.notDeepEqual(found[table], {}, `expected rows in ${table}`);
    assert.ok(JSON.stringify(found.services).includes('192.0.2.1'), 'expected the address of the node at the gateway');
  });
});
