/** Objects that several sources state: those of an overlay lie over those of the same name beneath it. */
import { ensure } from './lib/ensure.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from './model/kubernetes-object.ts';

export type Layer = 'base' | 'overlay';

type Versions = { readonly [layer in Layer]?: KubernetesObject };

/** Remembers objects only once there is an overlay: before the first change of any source it must be known. */
export class ObjectLayers {
  readonly #objects = new Map<string, Versions>();
  #hasOverlay = false;

  /** There will be objects of an overlay. */
  expectOverlay(): void {
    this.#hasOverlay = true;
  }

  /** Takes changes of a layer and yields those of the whole. */
  apply(layer: Layer, changes: readonly ObjectChange[]): readonly ObjectChange[] {
    if (!this.#hasOverlay) return changes;
    return changes.flatMap((change) => {
      const key = objectKey(change);
      const before = ensure(this.#objects, key, (): Versions => ({}));
      const { [layer]: _, ...others } = before;
      const after: Versions = change.object === undefined ? others : { ...others, [layer]: change.object };
      if (after.base === undefined && after.overlay === undefined) this.#objects.delete(key);
      else this.#objects.set(key, after);
      const { object: __, ...identity } = change;
      const object = inForce(after);
      if (object === inForce(before)) return [];
      return [object === undefined ? identity : { ...identity, object }];
    });
  }
}

function inForce({ overlay, base }: Versions): KubernetesObject | undefined {
  return overlay ?? base;
}
