/** Objects by name over many files: which file's object counts, and what has changed since it was last asked. */
import { ensure } from '../lib/ensure.ts';
import type { KubernetesObject, ObjectChange } from '../model/kubernetes-object.ts';
import type { Problem } from '../model/problem.ts';
import { duplicate } from './file.ts';

/** One file's version of an object. */
interface Holding {
  readonly object: KubernetesObject;
  /** The file does not state it any more, and whether that is meant is not known yet. */
  readonly isDoubted: boolean;
}

/**
 * Of several files that state one object the first by path counts, whatever the order in which they are read; a file that
 * may have given the object up comes last.
 */
export class MergedObjects {
  /** For each object the files that hold it, with their version of it. */
  readonly #holders = new Map<string, Map<string, Holding>>();
  readonly #winners = new Map<string, KubernetesObject>();
  readonly #duplicates = new Map<string, readonly Problem[]>();
  readonly #touched = new Set<string>();

  put(key: string, file: string, object: KubernetesObject): void {
    const holders = ensure(this.#holders, key, () => new Map());
    const known = holders.get(file);
    if (known?.object === object && !known.isDoubted) return;
    holders.set(file, { object, isDoubted: false });
    this.#touched.add(key);
  }

  /** The file does not state the object any more; it stays in force until another file states it, or it is removed. */
  doubt(key: string, file: string): void {
    const known = this.#holders.get(key)?.get(file);
    if (known === undefined) return;
    this.#holders.get(key)?.set(file, { ...known, isDoubted: true });
    this.#touched.add(key);
  }

  remove(key: string, file: string): void {
    if (this.#holders.get(key)?.delete(file) === true) this.#touched.add(key);
  }

  /** What differs from the last call; and the files whose duplicates may have changed. */
  takeChanges(): { readonly changes: readonly ObjectChange[]; readonly files: ReadonlySet<string> } {
    const changes: ObjectChange[] = [];
    const files = new Set<string>();
    for (const key of this.#touched) {
      const holders = [...(this.#holders.get(key) ?? [])].sort(inOrder);
      for (const [file] of holders) files.add(file);
      const winner = holders[0]?.[1].object;
      const others = holders.slice(1).filter(([, { isDoubted }]) => !isDoubted);
      if (winner === undefined) this.#holders.delete(key);
      if (winner === undefined || others.length === 0) this.#duplicates.delete(key);
      else
        this.#duplicates.set(
          key,
          others.map(([, { object }]) => duplicate(object, winner)),
        );
      const before = this.#winners.get(key);
      if (winner === before) continue;
      const { group, kind, namespace, name } = (winner ?? before) as KubernetesObject;
      changes.push({ group, kind, namespace, name, ...(winner === undefined ? {} : { object: winner }) });
      if (winner === undefined) this.#winners.delete(key);
      else this.#winners.set(key, winner);
    }
    this.#touched.clear();
    return { changes, files };
  }

  /** What is wrong with an object of a file because an earlier file holds one of the same name. */
  duplicatesIn(file: string, keys: Iterable<string>): readonly Problem[] {
    const problems: Problem[] = [];
    for (const key of keys)
      for (const problem of this.#duplicates.get(key) ?? []) if (problem.file === file) problems.push(problem);
    return problems;
  }
}

function inOrder([a, first]: readonly [string, Holding], [b, second]: readonly [string, Holding]): number {
  if (first.isDoubted !== second.isDoubted) return first.isDoubted ? 1 : -1;
  return a < b ? -1 : 1;
}
