/**
 * A part of a pod over a pod, as Kubernetes' strategic merge patches go: objects field by field, lists of named things by
 * their names, other lists as a whole, null takes a field away.
 */
import { isRecord } from '../lib/schema.ts';

interface Fields {
  readonly [field: string]: unknown;
}

/** By which field the items of a list are told apart, and whether an item is merged or replaced. */
interface Keyed {
  readonly key: string;
  /** An item states one source of several, so that two of them merged would be none. */
  readonly isWhole?: true;
}

const keyedLists: { readonly [list: string]: Keyed } = {
  containers: { key: 'name' },
  initContainers: { key: 'name' },
  env: { key: 'name', isWhole: true },
  volumes: { key: 'name', isWhole: true },
  volumeMounts: { key: 'mountPath' },
  volumeDevices: { key: 'devicePath' },
  ports: { key: 'containerPort' },
  imagePullSecrets: { key: 'name' },
  hostAliases: { key: 'ip' },
  topologySpreadConstraints: { key: 'topologyKey' },
  resourceClaims: { key: 'name' },
};

/** Of these an object may have one. */
const handlers: readonly string[] = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];

/** `above` laid over `below`; neither is changed. */
export function strategicMerge(below: unknown, above: unknown, field = ''): unknown {
  if (isRecord(above)) return mergedFields(isRecord(below) ? below : {}, above);
  const keyed = keyedLists[field];
  if (!Array.isArray(above) || keyed === undefined) return above;
  return mergedItems(Array.isArray(below) ? below : [], above, keyed);
}

function mergedFields(below: Fields, above: Fields): Fields {
  const { $patch, ...stated } = above;
  if ($patch === 'replace') return stated;
  const handler = handlers.find((name) => isRecord(stated[name]));
  const kept = Object.entries(below).filter(
    ([name]) => stated[name] !== null && (handler === undefined || name === handler || !handlers.includes(name)),
  );
  const merged: { [field: string]: unknown } = Object.fromEntries(kept);
  for (const [name, value] of Object.entries(stated))
    if (value !== null) merged[name] = strategicMerge(merged[name], value, name);
  return merged;
}

function mergedItems(
  below: readonly unknown[],
  above: readonly unknown[],
  { key, isWhole }: Keyed,
): readonly unknown[] {
  const items = [...below];
  for (const one of above) {
    const at = isRecord(one) ? items.findIndex((item) => isRecord(item) && item[key] === one[key]) : -1;
    const isDeletion = isRecord(one) && one.$patch === 'delete';
    if (isDeletion && at >= 0) items.splice(at, 1);
    else if (!isDeletion && at < 0) items.push(strategicMerge({}, one));
    else if (!isDeletion) items[at] = isWhole === true ? strategicMerge({}, one) : strategicMerge(items[at], one);
  }
  return items;
}
