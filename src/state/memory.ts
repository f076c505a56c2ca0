/** What is kept of changes, by kind of source, and how it is written and read again. */
import { isRecord } from '../lib/schema.ts';
import type { CatalogChange, CatalogService } from '../model/catalog.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from '../model/kubernetes-object.ts';

export interface Memory<Change> {
  /** What a change is about. */
  key(change: Change): string;
  isGone(change: Change): boolean;
  /** The change that says that the same thing is gone. */
  gone(change: Change): Change;
  /** Whether it may be on a disk. */
  isKept(change: Change): boolean;
  /** How much is lost with it. */
  weight(change: Change): number;
  encode(change: Change): unknown;
  /** Undefined for what `encode` never yields. */
  decode(value: unknown): Change | undefined;
}

export const catalogMemory: Memory<CatalogChange> = {
  key: ({ name }) => name,
  isGone: ({ service }) => service === undefined,
  gone: ({ name }) => ({ name, service: undefined }),
  isKept: () => true,
  weight: ({ service }) => service?.instances.length ?? 0,
  encode: (change) => change,
  decode(value) {
    if (!isRecord(value) || typeof value.name !== 'string' || !isService(value.service)) return undefined;
    return { name: value.name, service: value.service };
  },
};

/** Of what it is made of only the shape: the registry checks whatever somebody has registered. */
function isService(value: unknown): value is CatalogService {
  if (!isRecord(value) || typeof value.namespace !== 'string') return false;
  const { hostnames, ports, instances } = value;
  return (
    isListOf(hostnames, (host) => typeof host === 'string') &&
    isListOf(ports, (port) => isRecord(port) && typeof port.number === 'number' && typeof port.name === 'string') &&
    isListOf(
      instances,
      (one) => isRecord(one) && typeof one.id === 'string' && typeof one.address === 'string' && isRecord(one.ports),
    )
  );
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

export const objectMemory: Memory<ObjectChange> = {
  key: objectKey,
  isGone: ({ object }) => object === undefined,
  gone: ({ object: _, ...identity }) => identity,
  // Who may read the folder need not be who may read these in the cluster.
  isKept: ({ group, kind }) => !(group === '' && kind === 'Secret'),
  weight: () => 1,
  encode: ({ object }) => object,
  decode(value) {
    if (!isObject(value)) return undefined;
    const { group, kind, namespace, name } = value;
    return { group, kind, namespace, name, object: value };
  },
};

const textFields = ['group', 'version', 'kind', 'namespace', 'name'] as const;

function isObject(value: unknown): value is KubernetesObject {
  return (
    isRecord(value) &&
    textFields.every((field) => typeof value[field] === 'string') &&
    typeof value.createdAt === 'number' &&
    [value.labels, value.annotations, value.value, value.origin].every(isRecord)
  );
}
