/** The mesh that the benchmark serves, as files: what a platform team of some size would have. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface WorldSize {
  readonly services: number;
  readonly endpoints: number;
  readonly namespaces: number;
}

/**
 * Writes Services with their EndpointSlices, a VirtualService of three routes for each, and a DestinationRule of two subsets
 * for every fifth.
 */
export function writeWorld(folder: string, size: WorldSize): void {
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < size.services; i++) {
    writeFileSync(join(folder, `service-${i}.yaml`), service(i, size));
    writeFileSync(join(folder, `endpoints-${i}.yaml`), endpointSlice(i, size));
    writeFileSync(join(folder, `routes-${i}.yaml`), virtualService(i, size, 'm-0-'));
    if (i % 5 === 0) writeFileSync(join(folder, `policy-${i}.yaml`), destinationRule(i, size));
  }
}

/** One change of a user or platform: how it is made, and a text that proxies then find in what they receive. */
export type Change = (folder: string, size: WorldSize, mark: number) => { readonly marker: string; apply(): void };

/** The first endpoint of service 7 has another address. */
export const changeEndpoint: Change = (folder, size, mark) => {
  const marker = `10.99.${mark >> 8}.${mark & 255}`;
  return { marker, apply: () => replace(join(folder, 'endpoints-7.yaml'), endpointSlice(7, size, marker)) };
};

/** The VirtualService of service 7 matches another header value. */
export const changeRoute: Change = (folder, size, mark) => {
  const marker = `m-${mark}-`;
  return { marker, apply: () => replace(join(folder, 'routes-7.yaml'), virtualService(7, size, marker)) };
};

/** As kubectl's volumes and careful editors do it: in one step. */
function replace(path: string, text: string): void {
  const beside = join(path, '..', '.being-written');
  writeFileSync(beside, text);
  renameSync(beside, path);
}

const namespaceOf = (i: number, { namespaces }: WorldSize) => `ns-${i % namespaces}`;
const hostOf = (i: number, size: WorldSize) => `svc-${i}.${namespaceOf(i, size)}.svc.cluster.local`;
const addressOf = (n: number) => `10.${Math.trunc(n / 62_500)}.${Math.trunc(n / 250) % 250}.${1 + (n % 250)}`;

function service(i: number, size: WorldSize): string {
  return `apiVersion: v1
kind: Service
metadata: {name: svc-${i}, namespace: ${namespaceOf(i, size)}}
spec:
  clusterIP: 172.${16 + Math.trunc(i / 62_500)}.${Math.trunc(i / 250) % 250}.${1 + (i % 250)}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 9000, targetPort: 9000}]
`;
}

function endpointSlice(i: number, size: WorldSize, first?: string): string {
  const addresses = Array.from({ length: size.endpoints }, (_, k) => addressOf(i * size.endpoints + k));
  if (first !== undefined) addresses[0] = first;
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: svc-${i}-a, namespace: ${namespaceOf(i, size)}, labels: {kubernetes.io/service-name: svc-${i}}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}, {name: tcp, port: 9000, protocol: TCP}]
endpoints:
${addresses.map((address) => `- {addresses: ["${address}"], conditions: {ready: true}}\n`).join('')}`;
}

function virtualService(i: number, size: WorldSize, marker: string): string {
  const destination = `host: ${hostOf(i, size)}, port: {number: 80}`;
  const subset = i % 5 === 0 ? ', subset: v2' : '';
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: svc-${i}, namespace: ${namespaceOf(i, size)}}
spec:
  hosts: [${hostOf(i, size)}]
  http:
  - name: canary
    match: [{headers: {x-canary: {exact: "${marker}"}}}]
    route: [{destination: {${destination}${subset}}}]
  - name: api
    match: [{uri: {prefix: /api/}}]
    timeout: 3s
    retries: {attempts: 3, perTryTimeout: 1s, retryOn: "5xx,connect-failure"}
    route: [{destination: {${destination}}}]
  - name: default
    route: [{destination: {${destination}}}]
`;
}

function destinationRule(i: number, size: WorldSize): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: svc-${i}, namespace: ${namespaceOf(i, size)}}
spec:
  host: ${hostOf(i, size)}
  trafficPolicy:
    loadBalancer: {simple: LEAST_REQUEST}
    connectionPool: {http: {http2MaxRequests: 1000}}
    outlierDetection: {consecutive5xxErrors: 5}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
`;
}
