import type { MeshConfig } from '../config/mesh-config.ts';
import { unreachable } from '../lib/assert.ts';
import { ensure } from '../lib/ensure.ts';
import { type ObjectChange, objectKey } from '../model/kubernetes-object.ts';
import { type Labels, selects } from '../model/labels.ts';

type Selector = NonNullable<MeshConfig['discoverySelectors']>[number];

/**
 * The objects of those namespaces that the mesh is to know of, by MeshConfig's discoverySelectors.
 *
 *      objects, Namespaces, selectors ─► changes, of discovered namespaces alone
 *
 * Objects of other namespaces are as good as not there. They are remembered all the same: labels and selectors change.
 */
export class DiscoveredObjects {
  #selectors: readonly Selector[] = [];
  readonly #labels = new Map<string, Labels>();
  /** The last change of each object that is there, by namespace. */
  readonly #objects = new Map<string, Map<string, ObjectChange>>();
  /** What each namespace was when it was last looked at. */
  readonly #isDiscovered = new Map<string, boolean>();

  /** Takes changed objects and yields the changes that follow. */
  apply(changes: readonly ObjectChange[]): readonly ObjectChange[] {
    for (const { group, kind, name, object } of changes) {
      if (group !== '' || kind !== 'Namespace') continue;
      if (object === undefined) this.#labels.delete(name);
      else this.#labels.set(name, object.labels);
    }
    const moved = this.#reconsider();
    const own = changes.filter((change) => {
      if (change.namespace === '') return true;
      this.#remember(change);
      return ensure(this.#isDiscovered, change.namespace, () => this.#discovers(change.namespace));
    });
    return [...moved, ...own];
  }

  /** Takes the selectors, of which any one may choose a namespace; none of them choose all. Yields the changes that follow. */
  select(selectors: readonly Selector[]): readonly ObjectChange[] {
    this.#selectors = selectors;
    return this.#reconsider();
  }

  #reconsider(): readonly ObjectChange[] {
    return [...this.#isDiscovered].flatMap(([namespace, before]) => {
      const now = this.#discovers(namespace);
      if (now === before) return [];
      this.#isDiscovered.set(namespace, now);
      const changes = [...(this.#objects.get(namespace)?.values() ?? [])];
      return now ? changes : changes.map(({ object: _, ...identity }) => identity);
    });
  }

  #remember(change: ObjectChange): void {
    const objects = ensure(this.#objects, change.namespace, () => new Map());
    if (change.object === undefined) objects.delete(objectKey(change));
    else objects.set(objectKey(change), change);
  }

  /** Kubernetes gives each namespace a label of its name; so has one that is nowhere stated. */
  #discovers(namespace: string): boolean {
    if (this.#selectors.length === 0) return true;
    const labels = { 'kubernetes.io/metadata.name': namespace, ...this.#labels.get(namespace) };
    return this.#selectors.some((selector) => chooses(selector, labels));
  }
}

function chooses({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    selects(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return unreachable(operator);
      }
    })
  );
}
