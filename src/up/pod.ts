/** A pod on this machine: its addresses on the loopback interface, and how Kubernetes would describe it. */
import type { KubernetesObject, ObjectChange } from '../model/kubernetes-object.ts';
import type { AddressBlock } from './address-block.ts';
import type { LocalWorkload } from './local-workload.ts';

export interface Pod {
  readonly workload: LocalWorkload;
  readonly name: string;
  /** From 1; unique among the pods that run. */
  readonly number: number;
  /** Where others reach it: its Envoy, or the application itself where there is none. */
  readonly ip: string;
  /** What plays 127.0.0.1 for its Envoy: where the application finds the mesh. */
  readonly loopback: string;
  /** Where the application listens. */
  readonly application: string;
}

/** Where an Envoy serves as the HTTP proxy of its application. */
export const httpProxyPort = 15080;
export const adminPort = 15000;
/** How many pods have addresses with the same third number. */
const podsPerPart = 250;

/** Each pod gets three addresses, told apart by its number from 1. */
export function createPod(workload: LocalWorkload, name: string, number: number, addresses: AddressBlock): Pod {
  const at = (part: 1 | 2 | 3) => addresses.at(part + 3 * Math.floor(number / podsPerPart), number % podsPerPart);
  const ip = workload.address ?? at(1);
  return {
    workload,
    name,
    number,
    ip,
    // People talk to a gateway.
    loopback: workload.kind === 'gateway' ? '127.0.0.1' : at(2),
    application: workload.hasSidecar ? at(3) : ip,
  };
}

export const hasEnvoy = ({ workload }: Pod): boolean => workload.kind === 'gateway' || workload.hasSidecar;

/** The Pod object, as the kubelet would report it. */
export function podObject({ workload, name, ip }: Pod, isReady: boolean): KubernetesObject {
  const { namespace, labels, serviceAccount, ports, origin } = workload;
  const value = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels,
      ownerReferences: [{ kind: origin.kind, name: workload.name, controller: true }],
    },
    spec: {
      serviceAccountName: serviceAccount,
      nodeName: 'localhost',
      containers: [{ name: workload.name, ports }],
    },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
    },
  };
  return {
    group: '',
    version: 'v1',
    kind: 'Pod',
    namespace,
    name,
    createdAt: 0,
    labels,
    annotations: {},
    value,
    origin: { ...origin, kind: 'Pod', name },
  };
}

export function podChange(pod: Pod, state: 'ready' | 'not-ready' | 'gone'): ObjectChange {
  const { namespace } = pod.workload;
  return {
    group: '',
    kind: 'Pod',
    namespace,
    name: pod.name,
    ...(state === 'gone' ? {} : { object: podObject(pod, state === 'ready') }),
  };
}
