/** Which kinds an API server has: tells those that wait for one when its definition comes or changes. */
import { systemClock } from '../lib/clock.ts';
import type { ObjectChange } from '../model/kubernetes-object.ts';

export class InstalledKinds {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Takes changes of CustomResourceDefinitions. */
  apply(changes: readonly ObjectChange[]): void {
    for (const { name } of changes) {
      for (const wake of this.#waiting.get(name) ?? []) wake();
    }
  }

  /** Resolves when the definition of that name changes, and after `mostMs` at the latest, should nobody tell. */
  changed(definition: string, mostMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(definition) ?? new Set();
      this.#waiting.set(definition, waiting);
      const wake = () => {
        cancel();
        signal.removeEventListener('abort', wake);
        waiting.delete(wake);
        resolve();
      };
      const cancel = systemClock.after(mostMs, wake);
      waiting.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }
}
