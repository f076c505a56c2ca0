/** Small objects in namespace shop, as users write them. */

/** A service with port 80 for HTTP and one endpoint. */
export function service(name: string, address = '10.0.0.1'): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec:
  clusterIP: 10.96.0.${10 + name.charCodeAt(0) - 'a'.charCodeAt(0)}
  ports: [{ name: http, port: 80 }]
---
${endpoints(name, address)}`;
}

/** Where the endpoint of a service is. */
export function endpoints(name: string, address: string): string {
  return `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [${address}], conditions: { ready: true } }]
`;
}

/** A rule that changes a service's cluster, and nothing else. */
export function limit(name: string, connections: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: shop }
spec:
  host: ${name}
  trafficPolicy: { connectionPool: { tcp: { maxConnections: ${connections} } } }
`;
}

/** A rule that sends requests for a service to another one: it changes the routes of port 80, and nothing else. */
export function route(name: string, to: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}]
  http: [{ route: [{ destination: { host: ${to} } }] }]
`;
}

/** Shows the sidecars of the namespace only some services. Its name is made of theirs: others are another object. */
export function sidecar(...names: readonly string[]): string {
  return `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: shows-${names.join('')}, namespace: shop }
spec:
  egress: [{ hosts: [${names.map((name) => `./${name}.shop.svc.cluster.local`).join(', ')}] }]
`;
}
