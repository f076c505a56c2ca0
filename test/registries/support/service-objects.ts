/** A Service of the namespace shop with its EndpointSlice, as YAML. */
export function serviceObjects(name: string, addresses: readonly string[]): string {
  const metadata = { name, namespace: 'shop' };
  const objects = [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] } },
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    },
  ];
  return objects.map((one) => JSON.stringify(one)).join('\n---\n');
}
