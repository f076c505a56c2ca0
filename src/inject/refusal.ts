/** Whether a pod is injected, and why not: Istio's labels and annotations. */
import type { Labels } from '../model/labels.ts';
import { containersOf, isOurs, type Pod } from './pod.ts';
import { defaultRevision } from './settings.ts';

export interface Refusal {
  /** What keeps the pod from being injected. */
  readonly message: string;
  /** Where that stands, in the pod; empty for the pod as a whole. */
  readonly path: string;
  /** Whether the pod asks for a sidecar all the same. */
  readonly isAsked: boolean;
  /** There is nothing to do. */
  readonly isDone: boolean;
}

export interface PodNamespace {
  readonly name: string;
  /** Undefined where nobody knows. */
  readonly labels?: Labels;
}

/** Nothing of the mesh may stand in the way of what keeps the cluster alive: Istio leaves the same ones out. */
export const excludedNamespaces: readonly string[] = [
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
];

export const injectLabel = 'sidecar.istio.io/inject';
export const revisionLabel = 'istio.io/rev';
export const namespaceLabel = 'istio-injection';
export const statusAnnotation = 'sidecar.istio.io/status';
const templatesAnnotation = 'inject.istio.io/templates';
/** Older manifests say it of nodes only. */
const nodeSystem = 'kubernetes.io/os';
/** What the proxy of a pod can be: beside an application, or the application itself. Istio's names of its templates. */
const roles = ['sidecar', 'gateway'] as const;
export type Role = (typeof roles)[number];
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Why a pod is left as it is; undefined when it is to be injected. The first reason that there is. */
export function refusalOf(pod: Pod, namespace: PodNamespace, revision: string): Refusal | undefined {
  const { labels = {}, annotations = {} } = pod.metadata ?? {};
  const wish = wishOf(labels, annotations);
  const isAsked = wish?.isYes === true || labels[revisionLabel] === revision;
  const refusal = (message: string, path = ''): Refusal => ({ message, path, isAsked, isDone: false });
  if (annotations[statusAnnotation] !== undefined && containersOf(pod).some(isOurs))
    return { ...refusal('expected a pod without a sidecar, found one that is injected already'), isDone: true };
  if (wish !== undefined && !wish.isYes) return refusal(`expected true, found ${JSON.stringify(wish.text)}`, wish.path);
  if (excludedNamespaces.includes(namespace.name))
    return refusal(
      `expected a namespace of applications, found ${namespace.name}, which is never injected`,
      'metadata.namespace',
    );
  if (pod.spec.hostNetwork === true)
    return refusal(
      'expected a network of its own, found that of the node, which cannot be intercepted',
      'spec.hostNetwork',
    );
  if (pod.spec.os?.name === 'windows') return refusal('expected Linux, found windows', 'spec.os.name');
  if (pod.spec.nodeSelector?.[nodeSystem] === 'windows')
    return refusal('expected Linux, found nodes with windows', `spec.nodeSelector["${nodeSystem}"]`);
  if (annotations[mirrorAnnotation] !== undefined)
    return refusal('expected a pod that may change, found the mirror of a static one', annotation(mirrorAnnotation));
  if (roleOf(annotations) === undefined)
    return refusal(
      `expected the template ${roles.join(' or ')}, found ${JSON.stringify(annotations[templatesAnnotation])}`,
      annotation(templatesAnnotation),
    );
  return namespaceRefusal(labels, namespace, revision, refusal);
}

/** Undefined for what nobody here can make. */
export function roleOf(annotations: Labels): Role | undefined {
  const { [templatesAnnotation]: stated = 'sidecar' } = annotations;
  return roles.find((role) => role === stated.trim());
}

function namespaceRefusal(
  labels: Labels,
  { name, labels: stated = {} }: PodNamespace,
  revision: string,
  refusal: (message: string, path?: string) => Refusal,
): Refusal | undefined {
  const isEnabled = stated[namespaceLabel];
  if (isEnabled === 'disabled')
    return refusal(`expected a namespace with injection, found ${name} with the label ${namespaceLabel}=disabled`);
  // Istio's order: a namespace that says `enabled` belongs to the default revision, else the pod's own word counts.
  const wanted = isEnabled === 'enabled' ? defaultRevision : (labels[revisionLabel] ?? stated[revisionLabel]);
  if (wanted === undefined || wanted === revision) return undefined;
  return refusal(
    `expected the revision ${revision}, found ${JSON.stringify(wanted)}`,
    labels[revisionLabel] === wanted ? `metadata.labels["${revisionLabel}"]` : '',
  );
}

/** The label counts, else the annotation of older versions. */
function wishOf(labels: Labels, annotations: Labels) {
  const stated = labels[injectLabel] ?? annotations[injectLabel];
  if (stated === undefined) return undefined;
  const path = labels[injectLabel] === undefined ? annotation(injectLabel) : `metadata.labels["${injectLabel}"]`;
  return { isYes: ['y', 'yes', 'true', 'on'].includes(stated.toLowerCase()), text: stated, path };
}

function annotation(name: string): string {
  return `metadata.annotations["${name}"]`;
}
