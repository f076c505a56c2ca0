/** What a mesh consists of after a history: the least that a mesh built from scratch has to be told. */
import { type Draft, draftKey } from './draft.ts';
import type { Batch, Seat, Step } from './history.ts';
import type { MeshConfigDraft } from './mesh-config.ts';
import type { ProxyDraft } from './proxy.ts';

/** One change, with what a step left open filled in. */
export type Change =
  | { readonly do: 'put' | 'remove'; readonly object: Draft }
  | Extract<Step, { readonly do: 'configure' | 'connect' | 'disconnect' }>;

export class MeshState {
  readonly objects = new Map<string, Draft>();
  readonly proxies = new Map<Seat, ProxyDraft>();
  mesh: MeshConfigDraft = {};

  /** Takes a batch and tells what really changes. */
  take(batch: Batch): readonly Change[] {
    return batch.flatMap((step) => this.#change(step) ?? []);
  }

  #change(step: Step): Change | undefined {
    switch (step.do) {
      case 'put':
        return this.#put(step.object);
      case 'touch': {
        const object = this.#at(step.at);
        const { createdAt, line } = step;
        return object === undefined ? undefined : this.#put({ ...object, createdAt, line });
      }
      case 'remove': {
        const object = this.#at(step.at);
        if (object !== undefined) this.objects.delete(draftKey(object));
        return object === undefined ? undefined : { do: 'remove', object };
      }
      case 'configure':
        this.mesh = step.mesh;
        return step;
      case 'connect':
        this.proxies.set(step.seat, step.proxy);
        return step;
      case 'disconnect':
        return this.proxies.delete(step.seat) ? step : undefined;
    }
  }

  #put(object: Draft): Change {
    this.objects.set(draftKey(object), object);
    return { do: 'put', object };
  }

  #at(place: number): Draft | undefined {
    const all = [...this.objects.values()];
    return all[place % Math.max(1, all.length)];
  }
}
