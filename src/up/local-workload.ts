/** From a Deployment (or its like) to what is to run on this machine. */
import { dirname } from 'node:path';
import { canonical } from '../lib/canonical.ts';
import type { Infer } from '../lib/schema.ts';
import { decodeWith, type Finding, hasError, locateAll } from '../model/decode.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Labels } from '../model/labels.ts';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import { type Container, deployment } from './schema.ts';

type Port = NonNullable<Container['ports']>[number];

export interface LocalWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'application' | 'gateway';
  readonly replicas: number;
  /** Of its pods. */
  readonly labels: Labels;
  readonly serviceAccount: string;
  /** The processes of each pod; a gateway has none but its Envoy. */
  readonly containers: readonly Container[];
  /** Of all its containers. */
  readonly ports: readonly Port[];
  /** Without one, the application is reached directly. */
  readonly hasSidecar: boolean;
  /** Where its pods are made known: as objects of Kubernetes, or in Consul. */
  readonly registry: 'kubernetes' | 'consul';
  /** The name of its service in Consul, where it is stated. */
  readonly service?: string;
  /** The address of its only pod, where others must be able to state it. */
  readonly address?: string;
  /** Where processes start, unless they say otherwise: the folder of the file. */
  readonly folder: string;
  /** Pods of different versions are different pods. */
  readonly version: string;
  readonly origin: Origin;
}

/** On a workload, or on its pods: `"true"` runs it on this machine. */
export const localAnnotation = 'up.fairway.dev/local';
const addressAnnotation = 'up.fairway.dev/address';
const registryAnnotation = 'up.fairway.dev/registry';
const serviceAnnotation = 'up.fairway.dev/service';

/** The Consul that pods can be registered in, or why there is none. */
export type ConsulPlace =
  /** Names in Consul are flat: its services live in one namespace of the mesh. */
  { readonly namespace: string } | { readonly missing: string };

const kinds = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'DaemonSet']);

export function isWorkload({ group, kind }: { readonly group: string; readonly kind: string }): boolean {
  return group === 'apps' && kinds.has(kind);
}

/** Whether an object describes a local workload that is to be registered in Consul. */
export function asksForConsul(object: KubernetesObject): boolean {
  if (!isWorkload(object)) return false;
  const annotations = annotationsOf(object, decodeWith(deployment, object.value, [], []));
  return annotations[localAnnotation] === 'true' && annotations[registryAnnotation] === 'consul';
}

/** The workload that an object describes as local, and what is wrong with it; no workload when it is not local or unusable. */
export function toLocalWorkload(
  object: KubernetesObject,
  consul: ConsulPlace,
): {
  readonly workload?: LocalWorkload;
  readonly problems: readonly Problem[];
} {
  const findings: Finding[] = [];
  const decoded = decodeWith(deployment, object.value, [], findings);
  const { spec } = decoded ?? {};
  const template = spec?.template;
  const annotations = annotationsOf(object, decoded);
  if (annotations[localAnnotation] !== 'true') return { problems: [] };
  const labels = template?.metadata?.labels ?? {};
  const isGateway = annotations['inject.istio.io/templates'] === 'gateway';
  const injects = labels['sidecar.istio.io/inject'] ?? annotations['sidecar.istio.io/inject'];
  const all = template?.spec?.containers ?? [];
  const containers = isGateway ? [] : all.filter(({ name }) => name !== 'istio-proxy');
  const refuse = (path: string, message: string) => findings.push({ code: 'FW0901', severity: 'error', path, message });
  const replicas = spec?.replicas ?? 1;
  const address = annotations[addressAnnotation];
  if (!isGateway && containers.length === 0)
    refuse('spec.template.spec.containers', 'expected a container to run as a process, found none');
  for (const [i, { command = [] }] of containers.entries())
    if (command.length === 0)
      refuse(
        `spec.template.spec.containers[${i}]`,
        'expected a command to run as a process on this machine (an image cannot be run), found none',
      );
  if (address !== undefined && !/^127\.\d+\.\d+\.\d+$/.test(address))
    refuse(`metadata.annotations`, `expected ${addressAnnotation} to be an address in 127.0.0.0/8, found ${address}`);
  if (address !== undefined && replicas > 1)
    refuse('spec.replicas', `expected one pod for the address ${address}, found ${replicas}`);
  const { name, namespace, origin } = object;
  const registry: LocalWorkload['registry'] = annotations[registryAnnotation] === 'consul' ? 'consul' : 'kubernetes';
  const service = annotations[serviceAnnotation];
  const ports = all.flatMap(({ ports: some = [] }) => some);
  const unregistered = whyNotRegistered(annotations[registryAnnotation], { isGateway, ports, namespace }, consul);
  if (unregistered !== undefined)
    findings.push({ code: 'FW0902', severity: 'error', path: 'metadata.annotations', message: unregistered });
  const problems = locateAll(findings, object);
  if (hasError(findings)) return { problems };
  const serviceAccount = template?.spec?.serviceAccountName ?? 'default';
  const parts = {
    kind: isGateway ? ('gateway' as const) : ('application' as const),
    labels,
    serviceAccount,
    containers,
    ports,
    hasSidecar: injects !== 'false',
    registry,
    ...(service === undefined ? {} : { service }),
    ...(address === undefined ? {} : { address }),
    folder: origin.file === undefined ? process.cwd() : dirname(origin.file),
  };
  return { workload: { namespace, name, replicas, ...parts, version: canonical(parts), origin }, problems };
}

/** The pods' own say more than the workload's. */
function annotationsOf(object: KubernetesObject, decoded: Infer<typeof deployment> | undefined): Labels {
  return { ...object.annotations, ...decoded?.spec?.template?.metadata?.annotations };
}

interface Registrable {
  readonly isGateway: boolean;
  readonly ports: readonly Port[];
  readonly namespace: string;
}

/** Why a workload cannot be made known where it is to be; undefined when it can. */
function whyNotRegistered(
  registry: string | undefined,
  { isGateway, ports, namespace }: Registrable,
  consul: ConsulPlace,
): string | undefined {
  if (registry === undefined || registry === 'kubernetes') return undefined;
  if (registry !== 'consul')
    return `expected ${registryAnnotation} to be consul or kubernetes, found ${JSON.stringify(registry)}`;
  if ('missing' in consul) return `expected a Consul to register pods in, ${consul.missing}`;
  if (isGateway) return 'expected a service to register in Consul, found a gateway';
  if (ports[0]?.containerPort === undefined) return 'expected a port to register in Consul, found none';
  if (namespace !== consul.namespace)
    return `expected a workload of the namespace ${consul.namespace}, where services of this Consul live, found one of ${namespace}`;
  return undefined;
}
