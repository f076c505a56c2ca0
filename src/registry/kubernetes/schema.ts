/** The parts of Kubernetes' objects that Fairway reads. What users write by hand is checked for unknown fields too. */
import {
  any,
  boolean,
  type Infer,
  intOrString,
  list,
  map,
  object,
  port,
  type Schema,
  string,
} from '../../lib/schema.ts';

const serviceSpec = object({
  type: string,
  clusterIP: string,
  clusterIPs: list(string),
  externalName: string,
  selector: map(string),
  ports: list(
    object(
      { name: string, port, targetPort: intOrString, protocol: string, appProtocol: string, nodePort: port },
      { required: ['port'] },
    ),
  ),
  publishNotReadyAddresses: boolean,
  internalTrafficPolicy: string,
  trafficDistribution: string,
  ipFamilies: list(string),
  ipFamilyPolicy: string,
  externalIPs: list(string),
  externalTrafficPolicy: any,
  healthCheckNodePort: any,
  loadBalancerIP: any,
  loadBalancerClass: any,
  loadBalancerSourceRanges: any,
  allocateLoadBalancerNodePorts: any,
  sessionAffinity: any,
  sessionAffinityConfig: any,
});

const metadata = any;
const typeMeta = { apiVersion: string, kind: string, metadata };

export const kubernetesService = object({ ...typeMeta, spec: serviceSpec, status: any });

const objectReference = object({ kind: string, name: string, namespace: string, uid: string }, { isOpen: true });

const sliceEndpoint = object(
  {
    addresses: list(string),
    conditions: object({ ready: boolean, serving: boolean, terminating: boolean }),
    hostname: string,
    targetRef: objectReference,
    nodeName: string,
    zone: string,
    hints: any,
    deprecatedTopology: any,
  },
  { required: ['addresses'] },
);

export const endpointSlice = object({
  ...typeMeta,
  addressType: string,
  endpoints: list(sliceEndpoint),
  ports: list(object({ name: string, port, protocol: string, appProtocol: string })),
});

const endpointAddress = object(
  { ip: string, hostname: string, nodeName: string, targetRef: objectReference },
  { required: ['ip'] },
);

export const endpoints = object({
  ...typeMeta,
  subsets: list(
    object({
      addresses: list(endpointAddress),
      notReadyAddresses: list(endpointAddress),
      ports: list(object({ name: string, port, protocol: string, appProtocol: string }, { required: ['port'] })),
    }),
  ),
});

const open = { isOpen: true } as const;

export const pod = object(
  {
    metadata: object(
      { ownerReferences: list(object({ kind: string, name: string, controller: boolean }, open)) },
      open,
    ),
    spec: object(
      {
        serviceAccountName: string,
        nodeName: string,
        hostname: string,
        subdomain: string,
        hostNetwork: boolean,
        containers: list(object({ ports: list(object({ name: string, containerPort: port }, open)) }, open)),
      },
      open,
    ),
    status: object(
      {
        phase: string,
        podIP: string,
        podIPs: list(object({ ip: string }, open)),
        conditions: list(object({ type: string, status: string }, open)),
      },
      open,
    ),
  },
  open,
);

/** A text that no message may quote. */
const secretText: Schema<string> = {
  json: { type: 'string' },
  decode(value, path, report) {
    if (typeof value === 'string') return value;
    report({ kind: 'wrong-type', path, message: 'expected a string, found something else' });
    return undefined;
  },
};

export const secret = object({
  ...typeMeta,
  type: string,
  data: map(secretText),
  stringData: map(secretText),
  immutable: boolean,
});

export type KubernetesSecret = Infer<typeof secret>;
export type KubernetesService = Infer<typeof kubernetesService>;
export type EndpointSlice = Infer<typeof endpointSlice>;
export type SliceEndpoint = Infer<typeof sliceEndpoint>;
export type Endpoints = Infer<typeof endpoints>;
export type Pod = Infer<typeof pod>;
