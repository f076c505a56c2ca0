/**
 * The objects of Istio's kinds as an API server holds them, and with them the status that they have.
 *
 *      API server ─► sources ─► here ─► control plane       what we wrote ourselves comes back from the server and ends here
 */
import { istioKind, type Kind } from '../config/kinds.ts';
import { equal } from '../lib/equal.ts';
import { isRecord } from '../lib/schema.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from '../model/kubernetes-object.ts';
import type { ObjectSource } from '../model/object-source.ts';
import { conditionsOf, withoutOwnConditions } from './condition.ts';

export interface ClusterObject {
  readonly group: string;
  readonly version: string;
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  /** All conditions, those of others too. */
  readonly conditions: readonly unknown[];
}

/** What else of an object concerns a control plane; the generation stands for the spec. */
type Rest = Pick<KubernetesObject, 'labels' | 'annotations'> & { readonly status: unknown };

interface Known {
  readonly object: ClusterObject;
  readonly rest: Rest;
}

type Listener = (key: string) => void;

export class ClusterObjects {
  /** By `group/kind/namespace/name`. */
  readonly #known = new Map<string, Known>();
  readonly #listeners = new Set<Listener>();

  /** The source without what we ourselves change. What it says is passed on before listeners hear of it. */
  tap(source: ObjectSource): ObjectSource {
    return {
      name: source.name,
      run: (sink, signal) =>
        source.run(
          {
            ...sink,
            apply: (changes) => {
              const taken = changes.map((change) => this.#take(change));
              const passed = taken.flatMap(({ change }) => change ?? []);
              if (passed.length > 0) sink.apply(passed);
              for (const { changed } of taken) if (changed !== undefined) this.#tell(changed);
            },
          },
          signal,
        ),
    };
  }

  get(key: string): ClusterObject | undefined {
    return this.#known.get(key)?.object;
  }

  keys(): Iterable<string> {
    return this.#known.keys();
  }

  /** Calls `listener` with the key of each object that is new, different or gone, until the result is called. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The API server has answered a write with the object as it is now; nobody is told. */
  written(key: string, answer: unknown): void {
    const known = this.#known.get(key);
    const metadata = isRecord(answer) ? answer.metadata : undefined;
    if (known === undefined || !isRecord(metadata) || metadata.uid !== known.object.uid) return;
    const { resourceVersion } = metadata;
    if (typeof resourceVersion !== 'string') return;
    const conditions = conditionsOf({ value: answer as KubernetesObject['value'] });
    this.#known.set(key, { ...known, object: { ...known.object, resourceVersion, conditions } });
  }

  /** What is to be passed on, and the key of what is to be told. */
  #take(change: ObjectChange): { readonly change?: ObjectChange; readonly changed?: string } {
    const kind = istioKind(change);
    if (kind === undefined) return { change };
    const key = objectKey(change);
    const { object } = change;
    const before = this.#known.get(key);
    if (object === undefined) {
      this.#known.delete(key);
      return { change, changed: key };
    }
    const stripped = withoutOwnConditions(object);
    const after = read(kind, object, stripped);
    if (after === undefined) return { change };
    const isEcho =
      before !== undefined &&
      before.object.uid === after.object.uid &&
      before.object.generation === after.object.generation &&
      equal(before.rest, after.rest);
    this.#known.set(key, isEcho ? { ...after, rest: before.rest } : after);
    return {
      ...(isEcho ? {} : { change: { ...change, object: stripped } }),
      ...(before?.object.resourceVersion === after.object.resourceVersion ? {} : { changed: key }),
    };
  }

  #tell(key: string): void {
    for (const listener of this.#listeners) listener(key);
  }
}

/** Undefined for an object that no API server has counted. */
function read(kind: Kind, object: KubernetesObject, stripped: KubernetesObject): Known | undefined {
  const { group, version, namespace, name, origin, labels, annotations, value } = object;
  const { uid, generation } = origin;
  const { resourceVersion } = isRecord(value.metadata) ? value.metadata : {};
  if (uid === undefined || generation === undefined || typeof resourceVersion !== 'string') return undefined;
  const conditions = conditionsOf(object);
  return {
    object: { group, version, kind, namespace, name, uid, generation, resourceVersion, conditions },
    rest: { labels, annotations, status: stripped.value.status },
  };
}
