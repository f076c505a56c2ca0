/** Objects by name over many files: which file's object counts, and what has changed since it was last asked. */
import { ensure } from '../lib/ensure.ts';
import type { KubernetesObject, ObjectChange } from '../model/kubernetes-object.ts';
import type { Problem } from '../model/problem.ts';
import { duplicate } from './file.ts';

export class MergedObjects {
  /** For each object the files that hold it, with their version of it. */
  readonly #holders = new Map<string, Map<string, KubernetesObject>>();
  readonly #winners = new Map<string, KubernetesObject>();
  readonly #duplicates = new Map<string, readonly Problem[]>();
  readonly #touched = new Set<string>();

  put(key: string, file: string, object: KubernetesObject): void {
    const holders = ensure(this.#holders, key, () => new Map());
    if (holders.get(file) === object) return;
    holders.set(file, object);
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
      const holders = [...(this.#holders.get(key) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [file] of holders) files.add(file);
      const [winner, ...others] = holders.map(([, object]) => object);
      if (winner === undefined) this.#holders.delete(key);
      this.#duplicates.set(key, winner === undefined ? [] : others.map((other) => duplicate(other, winner)));
      if (others.length === 0) this.#duplicates.delete(key);
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
