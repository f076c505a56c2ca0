/** A template: a part of a pod in YAML that is laid over every injected one. */

import { any, list, map, object, string } from '../lib/schema.ts';
import { decodeWith, type Finding, hasError } from '../model/decode.ts';
import { container, initName, isOurs, type Pod, proxyName, stated } from './pod.ts';
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

const containers = list(container);

const schema = object({
  apiVersion: any,
  kind: any,
  metadata: object({ labels: map(string), annotations: map(string) }),
  spec: object(
    {
      containers,
      initContainers: containers,
      volumes: list(object({ name: string }, { required: ['name'], isOpen: true })),
    },
    { isOpen: true },
  ),
});

/**
 * The template in a document; undefined when the findings have an error. Metadata and lists that state nothing (`labels:` and
 * nothing behind it) take nothing away, and a container that would come into every pod has to have an image.
 */
export function asTemplate(value: unknown, findings: Finding[]): PodFragment | undefined {
  const found: Finding[] = [];
  decodeWith(schema, value, [], found);
  findings.push(...found.map((finding): Finding => ({ ...finding, code: 'FW3204' })));
  if (hasError(found)) return undefined;
  const template = withoutNulls(value as PodFragment);
  const nameless = containersWithoutImage(template);
  findings.push(...nameless);
  return nameless.length > 0 ? undefined : template;
}

function withoutNulls(template: PodFragment): PodFragment {
  const { metadata, spec } = stated(template);
  const lists = ['containers', 'initContainers', 'volumes'];
  const entries = Object.entries(spec ?? {}).filter(([name, field]) => field !== null || !lists.includes(name));
  return { metadata: stated({ ...metadata }), spec: Object.fromEntries(entries) };
}

/** A slip in `istio-proxy` would be a container that no API server takes, in every pod. */
function containersWithoutImage({ spec = {} }: PodFragment): readonly Finding[] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap((part, i): readonly Finding[] => {
      const { name, image, $patch } = part;
      if (isOurs(part) || typeof image === 'string' || $patch === 'delete') return [];
      const message = `expected ${proxyName}, ${initName} or a container with an image, found ${JSON.stringify(name)} without one`;
      return [{ code: 'FW3204', severity: 'error', path: `spec.${list}[${i}].name`, message }];
    }),
  );
}

/** A part over a pod. Containers of the proxy are found wherever they are, whichever list names them. */
export function laidOver(pod: Pod, { metadata, spec = {} }: PodFragment): Pod {
  const { containers = [], initContainers = [], ...rest } = spec;
  const isInitial = (name: string) => (pod.spec.initContainers ?? []).some((one) => one.name === name);
  const isUsual = (name: string) => pod.spec.containers.some((one) => one.name === name);
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
