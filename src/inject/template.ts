/** A template: a part of a pod in YAML that is laid over every injected one. */

import { any, list, map, object, string } from '../lib/schema.ts';
import { decodeWith, type Finding, hasError } from '../model/decode.ts';
import { initName, type Pod, proxyName } from './pod.ts';
import { strategicMerge } from './strategic-merge.ts';

interface NamedPart {
  readonly name: string;
  readonly [field: string]: unknown;
}

export interface PodFragment {
  readonly metadata?: { readonly labels?: object; readonly annotations?: object };
  readonly spec?: {
    readonly containers?: readonly NamedPart[];
    readonly initContainers?: readonly NamedPart[];
    readonly [field: string]: unknown;
  };
}

const named = list(object({ name: string }, { required: ['name'], isOpen: true }));

const schema = object({
  apiVersion: any,
  kind: any,
  metadata: object({ labels: map(string), annotations: map(string) }),
  spec: object({ containers: named, initContainers: named, volumes: named }, { isOpen: true }),
});

/** The template in a document; undefined when the findings have an error. */
export function asTemplate(value: unknown, findings: Finding[]): PodFragment | undefined {
  const found: Finding[] = [];
  decodeWith(schema, value, [], found);
  findings.push(...found.map((finding): Finding => ({ ...finding, code: 'FW3204' })));
  return hasError(found) ? undefined : (value as PodFragment);
}

/** A part over a pod. Containers of the proxy are found wherever they are, whichever list names them. */
export function laidOver(pod: Pod, { metadata, spec = {} }: PodFragment): Pod {
  const { containers = [], initContainers = [], ...rest } = spec;
  const isInitial = (name: string) => (pod.spec.initContainers ?? []).some((one) => one.name === name);
  const isUsual = (name: string) => pod.spec.containers.some((one) => one.name === name);
  const isOurs = ({ name }: NamedPart) => name === proxyName || name === initName;
  const isElsewhere = (part: NamedPart, isThere: (name: string) => boolean, isHere: (name: string) => boolean) =>
    isOurs(part) && isThere(part.name) && !isHere(part.name);
  const initial = [
    ...initContainers.filter((part) => !isElsewhere(part, isUsual, isInitial)),
    ...containers.filter((part) => isElsewhere(part, isInitial, isUsual)),
  ];
  const usual = [
    ...containers.filter((part) => !isElsewhere(part, isInitial, isUsual)),
    ...initContainers.filter((part) => isElsewhere(part, isUsual, isInitial)),
  ];
  const above = {
    ...(metadata === undefined ? {} : { metadata }),
    spec: {
      ...rest,
      ...(initial.length === 0 ? {} : { initContainers: initial.map(withoutAuto) }),
      ...(usual.length === 0 ? {} : { containers: usual.map(withoutAuto) }),
    },
  };
  return strategicMerge(pod, above) as Pod;
}

/** Istio's word for the image that injection knows. */
function withoutAuto({ image, ...part }: NamedPart): NamedPart {
  return image === undefined || image === 'auto' ? part : { ...part, image };
}
