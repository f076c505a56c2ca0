/** Objects that several sources state: those of a layer lie over those of the same name in the layers beneath it. */
import { ensure } from './lib/ensure.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from './model/kubernetes-object.ts';
import type { Origin } from './model/origin.ts';
import { type Problem, placeOf } from './model/problem.ts';

/** From 0, which is beneath all others but those of single kinds. */
export type Layer = number;

/** Told which versions of an object others lie over, whenever that changes; a problem for each, from below. */
export type HiddenSink = (key: string, hidden: readonly Problem[]) => void;

/** The versions of one object by layer, from below. */
type Versions = readonly (readonly [Layer, KubernetesObject])[];

/** Remembers objects only once there is a second layer: before the first change of any source it must be known. */
export class ObjectLayers {
  readonly #objects = new Map<string, Versions>();
  readonly #hidden: HiddenSink;
  #hasOverlay = false;
  /** Kinds that have a layer of their own. */
  readonly #layered = new Set<string>();

  constructor(hidden: HiddenSink) {
    this.#hidden = hidden;
  }

  /** There will be objects of this layer, or of one kind alone. */
  expect(layer: Layer, kind?: string): void {
    if (kind === undefined) this.#hasOverlay ||= layer > 0;
    else this.#layered.add(kind);
  }

  /** Takes changes of a layer and yields those of the whole. */
  apply(layer: Layer, changes: readonly ObjectChange[]): readonly ObjectChange[] {
    if (!this.#hasOverlay && this.#layered.size === 0) return changes;
    return changes.flatMap((change) =>
      this.#hasOverlay || this.#layered.has(change.kind) ? this.#applyOne(layer, change) : [change],
    );
  }

  /** Where the versions of an object stand, from below, as far as they are remembered. */
  originsOf(key: string): readonly Origin[] {
    return (this.#objects.get(key) ?? []).map(([, { origin }]) => origin);
  }

  #applyOne(layer: Layer, change: ObjectChange): readonly ObjectChange[] {
    const key = objectKey(change);
    const before = ensure(this.#objects, key, (): Versions => []);
    const after = withVersion(before, layer, change.object);
    if (after.length === 0) this.#objects.delete(key);
    else this.#objects.set(key, after);
    if (before.length > 1 || after.length > 1) this.#hidden(key, hiddenOf(after));
    const { object: _, ...identity } = change;
    const object = inForce(after);
    if (object === inForce(before)) return [];
    return [object === undefined ? identity : { ...identity, object }];
  }
}

function withVersion(versions: Versions, layer: Layer, object: KubernetesObject | undefined): Versions {
  const others = versions.filter(([other]) => other !== layer);
  if (object === undefined) return others;
  return [...others, [layer, object] as const].sort(([a], [b]) => a - b);
}

function inForce(versions: Versions): KubernetesObject | undefined {
  return versions.at(-1)?.[1];
}

function hiddenOf(versions: Versions): readonly Problem[] {
  const over = inForce(versions)?.origin;
  return versions.slice(0, -1).map(([, { origin }]) => ({
    code: 'FW3151',
    severity: 'info',
    path: '',
    message: `expected one source to state this object, found it at ${over?.file}:${over?.line ?? 1} too, which lies over this one and counts`,
    ...placeOf(origin, origin.line),
  }));
}
