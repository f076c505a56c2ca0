/** A service of the conformance list as objects of Kubernetes. */
import type { WantedInstance } from '../../src/registry/conformance/world.ts';

export const conformanceNamespace = 'shop';

export function serviceObject(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: conformanceNamespace },
    spec: { ports: [{ name: 'http', port: 80 }] },
  };
}

export function sliceObject(name: string, instances: readonly WantedInstance[]): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: conformanceNamespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: instances[0]?.port ?? 8080 }],
    endpoints: instances.map(({ address, isHealthy }) => ({
      addresses: [address],
      conditions: { ready: isHealthy, serving: isHealthy, terminating: false },
    })),
  };
}
