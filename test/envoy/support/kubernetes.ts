/** Kubernetes objects as YAML texts, for what tests only need to be there. */
import type { Labels } from '../../../src/model/labels.ts';

export interface ServiceText {
  readonly name: string;
  readonly namespace: string;
  readonly selector?: Labels;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly targetPort: number;
    readonly appProtocol?: string;
  }[];
  readonly clusterIP?: string;
  /** None for a Service whose endpoints come from elsewhere. */
  readonly endpoints?: readonly EndpointText[];
}

export interface EndpointText {
  readonly pod?: string;
  readonly address: string;
  readonly zone?: string;
  readonly isReady?: boolean;
}

/** A Service and the EndpointSlice of its endpoints. */
export function serviceOf({ name, namespace, selector, ports, clusterIP, endpoints }: ServiceText): string {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector, clusterIP, ports },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: ports.map((port) => ({ name: port.name, port: port.targetPort })),
    endpoints: (endpoints ?? []).map(({ pod, address, zone, isReady = true }) => ({
      addresses: [address],
      conditions: { ready: isReady, serving: isReady, terminating: false },
      zone,
      targetRef: pod === undefined ? undefined : { kind: 'Pod', namespace, name: pod },
    })),
  };
  return endpoints === undefined
    ? JSON.stringify(service)
    : `${JSON.stringify(service)}\n---\n${JSON.stringify(slice)}`;
}

export interface PodText {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly labels: Labels;
  readonly nodeName?: string;
}

export function podOf({ name, namespace, address, labels, nodeName = 'node-1' }: PodText): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { nodeName, serviceAccountName: 'default', containers: [] },
    status: {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  });
}
