/** What a mesh consists of after a history: the least that a mesh built from scratch has to be told. */
import type { MeshNetworks } from '../../src/config/mesh-networks.ts';
import { type Draft, draftKey } from '../support/draft.ts';
import type { CatalogDraft, Change, MeshConfigDraft, ProxyDraft } from '../support/plane.ts';
import type { Batch, Step } from './history.ts';

export class MeshState {
  readonly objects = new Map<string, Draft>();
  readonly proxies = new Map<string, ProxyDraft>();
  readonly clusters = new Set<string>();
  readonly catalogServices = new Map<string, CatalogDraft>();
  mesh: MeshConfigDraft = {};
  networks: MeshNetworks = {};

  /** Takes a batch and tells what really changes. */
  take(batch: Batch): readonly Change[] {
    return batch.flatMap((step) => this.#change(step) ?? []);
  }

  #change(step: Step): Change | readonly Change[] | undefined {
    switch (step.do) {
      case 'put':
        return this.#put(step.object);
      case 'touchAt': {
        const object = this.#at(step.at);
        const { createdAt, line } = step;
        return object === undefined ? undefined : this.#put({ ...object, createdAt, line });
      }
      case 'remove':
        return this.objects.delete(draftKey(step.object)) ? step : undefined;
      case 'removeAt': {
        const object = this.#at(step.at);
        if (object !== undefined) this.objects.delete(draftKey(object));
        return object === undefined ? undefined : { do: 'remove', object };
      }
      case 'join':
        this.clusters.add(step.cluster);
        return step;
      case 'part':
        for (const [key, { cluster }] of this.objects) if (cluster === step.cluster) this.objects.delete(key);
        return this.clusters.delete(step.cluster) ? step : undefined;
      case 'register':
        return this.#register(step.change) ? step : undefined;
      case 'network':
        this.networks = step.networks;
        return step;
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

  #put(object: Draft): readonly Change[] {
    this.objects.set(draftKey(object), object);
    const { cluster } = object;
    if (cluster === undefined || this.clusters.has(cluster)) return [{ do: 'put', object }];
    this.clusters.add(cluster);
    return [
      { do: 'join', cluster },
      { do: 'put', object },
    ];
  }

  /** Whether it changes anything. */
  #register(change: CatalogDraft): boolean {
    const key = `${change.catalog} ${change.name}`;
    if (change.service === undefined) return this.catalogServices.delete(key);
    this.catalogServices.set(key, change);
    return true;
  }

  #at(place: number): Draft | undefined {
    const all = [...this.objects.values()];
    return all[place % Math.max(1, all.length)];
  }
}
