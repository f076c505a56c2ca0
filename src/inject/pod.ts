/** A pod, or the template of pods, as far as injection reads it; all other fields stay as they are. */
import {
  any,
  boolean,
  type Infer,
  integer,
  intOrString,
  list,
  map,
  object,
  type Schema,
  string,
} from '../lib/schema.ts';
import { decodeWith, type Finding, hasError } from '../model/decode.ts';

const open = { isOpen: true } as const;
const named = { required: ['name'], isOpen: true } as const;

const probe = object(
  {
    httpGet: object({ path: string, port: intOrString, host: string, scheme: string, httpHeaders: any }, open),
    tcpSocket: object({ port: intOrString, host: string }, open),
    grpc: object({ port: integer(1, 65_535), service: string }, open),
    timeoutSeconds: integer(0, 86_400),
  },
  open,
);

const identity = object({ runAsUser: integer(0, 2 ** 31 - 1), runAsGroup: integer(0, 2 ** 31 - 1) }, open);

/** Of a pod, or of a part of one. */
export const container = object(
  {
    name: string,
    image: string,
    ports: list(object({ containerPort: integer(0, 65_535), name: string, protocol: string }, open)),
    env: list(object({ name: string }, named)),
    volumeMounts: list(object({ name: string, mountPath: string }, open)),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    restartPolicy: string,
    securityContext: identity,
  },
  named,
);

const pod = object(
  {
    metadata: object(
      {
        name: string,
        generateName: string,
        namespace: string,
        labels: map(string),
        annotations: map(string),
        ownerReferences: list(object({ apiVersion: string, kind: string, name: string, controller: boolean }, open)),
      },
      open,
    ),
    spec: object(
      {
        hostNetwork: boolean,
        securityContext: identity,
        containers: list(container),
        initContainers: list(container),
        volumes: list(object({ name: string }, named)),
        os: object({ name: string }, open),
        nodeSelector: map(string),
        serviceAccountName: string,
        terminationGracePeriodSeconds: integer(0, Number.MAX_SAFE_INTEGER),
      },
      { required: ['containers'], isOpen: true },
    ),
  },
  { required: ['spec'], isOpen: true },
);

interface Open {
  readonly [field: string]: unknown;
}

/** What injection writes and reads of an object with any fields. */
type Opened<S> = S extends Schema<infer T> ? T & Open : never;

export type Probe = Opened<typeof probe>;
export type Container = Opened<typeof container>;
export type Metadata = NonNullable<Infer<typeof pod>['metadata']> & Open;

export interface Pod extends Open {
  readonly metadata?: Metadata;
  readonly spec: Omit<NonNullable<Infer<typeof pod>['spec']>, 'containers' | 'initContainers'> &
    Open & { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

/**
 * The value when it is a pod, without fields of null, which state nothing (`labels:` and nothing behind it); what is wrong
 * with it goes to the findings.
 */
export function asPod(value: unknown, path: readonly string[], findings: Finding[]): Pod | undefined {
  const found: Finding[] = [];
  decodeWith(pod, value, path, found);
  findings.push(...found);
  return hasError(found) ? undefined : withoutNulls(value as Pod);
}

function withoutNulls(pod: Pod): Pod {
  const { metadata, spec, ...rest } = stated(pod);
  const { containers, initContainers, ...others } = stated(spec);
  return {
    ...rest,
    ...(metadata === undefined ? {} : { metadata: stated(metadata) }),
    spec: {
      ...others,
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(statedContainer) }),
      containers: containers.map(statedContainer),
    },
  };
}

/** In a change to a container of ours null takes a field away. */
function statedContainer(container: Container): Container {
  return isOurs(container) ? container : stated(container);
}

/** Without the fields of null. */
export function stated<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as T;
}

/** All containers of a pod, those that run before the others first. */
export function containersOf({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** Containers that run as long as the pod: its own ones, and sidecars among the init containers. */
export function lastingContainers({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...spec.containers];
}

/** Istio's names, by which tools and rules know them. */
export const proxyName = 'istio-proxy';
export const initName = 'istio-init';

/** Whether a container is one that injection adds, or a change to it. */
export function isOurs({ name }: Pick<Container, 'name'>): boolean {
  return name === proxyName || name === initName;
}
