/** A control plane with proxies that follow it as streams do: a full list first, then what the change log tells. */
import assert from 'node:assert/strict';
import { decodeMeshConfig } from '../../src/config/decode-mesh-config.ts';
import type { MeshNetworks } from '../../src/config/mesh-networks.ts';
import { ControlPlane } from '../../src/control-plane.ts';
import { ensure } from '../../src/lib/ensure.ts';
import { type LogFields, silent } from '../../src/lib/log.ts';
import type { CatalogChange } from '../../src/model/catalog.ts';
import type { Proxy } from '../../src/model/proxy.ts';
import type { Scope } from '../../src/model/scope.ts';
import type { Sink } from '../../src/model/source.ts';
import type { Resource } from '../../src/resource/resource.ts';
import { pushOrder, type TypeUrl } from '../../src/resource/types.ts';
import type { View, ViewReader } from '../../src/resource/view.ts';
import { type Draft, toChange, toRemoval } from './draft.ts';
import { fakeClock } from './fake-clock.ts';
import type { Served } from './served.ts';

export type MeshConfigDraft = { readonly [field: string]: unknown };

/** A proxy without the name of its connection. */
export type ProxyDraft = Omit<Proxy, 'connection'>;

/** A service of a catalog, or (undefined) none of that name. */
export interface CatalogDraft extends CatalogChange {
  readonly catalog: string;
}

export type Change =
  /** A new object, or another version of one that is there. */
  | { readonly do: 'put'; readonly object: Draft }
  | { readonly do: 'remove'; readonly object: Draft }
  /** Makes another cluster known, or forgets it with all that it holds. */
  | { readonly do: 'join' | 'part'; readonly cluster: string }
  | { readonly do: 'register'; readonly change: CatalogDraft }
  | { readonly do: 'network'; readonly networks: MeshNetworks }
  | { readonly do: 'configure'; readonly mesh: MeshConfigDraft }
  /** Connects a proxy in the place of the one that was in this seat. */
  | { readonly do: 'connect'; readonly seat: string; readonly proxy: ProxyDraft }
  | { readonly do: 'disconnect'; readonly seat: string };

export interface PlaneOptions {
  readonly narrows?: boolean;
  readonly onCompute?: (query: string, key: string) => void;
  /** What a proxy asks for by name; nothing when left out. */
  readonly namesFor?: (type: TypeUrl, proxy: Proxy) => readonly string[];
}

export class Plane {
  readonly controlPlane: ControlPlane;
  /** Computations that failed. */
  readonly failures: string[] = [];
  readonly #connections = new Map<string, Connection>();
  readonly #catalogs = new Map<string, Sink<CatalogChange>>();
  readonly #namesFor: (type: TypeUrl, proxy: Proxy) => readonly string[];
  #lastConnection = 0;

  constructor({ namesFor = () => [], ...options }: PlaneOptions = {}) {
    this.#namesFor = namesFor;
    const error = (message: string, fields: LogFields = {}) => {
      if (fields.error !== undefined) this.failures.push(`${message}: ${fields.resource} ${fields.error}`);
    };
    const log = { ...silent, error };
    const place = { cluster: 'Kubernetes', domainSuffix: 'cluster.local' };
    this.controlPlane = new ControlPlane({ log, ...place, now: () => 0, clock: fakeClock(), ...options });
  }

  /** Makes changes visible in one commit; a proxy that connects sees all that was said before it. */
  take(changes: readonly Change[]): void {
    for (const change of changes) {
      switch (change.do) {
        case 'put':
          this.controlPlane.apply([toChange(change.object)], change.object.cluster);
          break;
        case 'remove':
          this.controlPlane.apply([toRemoval(change.object)], change.object.cluster);
          break;
        case 'join':
          this.controlPlane.addCluster(change.cluster);
          break;
        case 'part':
          this.controlPlane.removeCluster(change.cluster);
          break;
        case 'register':
          this.register([change.change]);
          break;
        case 'network':
          this.controlPlane.setMeshNetworks(change.networks);
          break;
        case 'configure': {
          const { config, findings } = decodeMeshConfig(change.mesh);
          assert.ok(config !== undefined, JSON.stringify(findings));
          this.controlPlane.setMeshConfig(config);
          break;
        }
        case 'connect':
          this.#connect(change.seat, change.proxy);
          break;
        case 'disconnect':
          this.#connections.get(change.seat)?.close();
          this.#connections.delete(change.seat);
          break;
      }
    }
    this.controlPlane.commit();
  }

  /** What catalogs report; visible after the next commit. */
  register(changes: readonly CatalogDraft[]): void {
    for (const { catalog, ...change } of changes) {
      const create = () => this.controlPlane.catalogSink({ name: catalog, kind: 'CatalogService' });
      ensure(this.#catalogs, catalog, create).apply([change]);
    }
  }

  #connect(seat: string, draft: ProxyDraft): void {
    this.#connections.get(seat)?.close();
    this.#lastConnection += 1;
    const proxy = { ...draft, connection: `${draft.name}-${this.#lastConnection}` };
    this.#connections.set(seat, new Connection(this.controlPlane, proxy, (type) => this.#namesFor(type, proxy)));
  }

  served(seat: string): Served {
    return this.#connections.get(seat)?.served() ?? new Map();
  }

  /** Disconnects everybody; nothing may be kept for proxies that are gone. */
  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    this.controlPlane.commit();
  }
}

/** One proxy's streams, one follower for each type. */
class Connection {
  readonly #followers: readonly Follower[];
  readonly #connection: { readonly scope: Scope; close(): void };

  constructor(controlPlane: ControlPlane, proxy: Proxy, namesFor: (type: TypeUrl) => readonly string[]) {
    this.#followers = pushOrder.map((type) => new Follower(controlPlane, type, namesFor(type)));
    this.#connection = controlPlane.connect(proxy, (scope) => {
      for (const follower of this.#followers) follower.move(scope);
    });
    for (const follower of this.#followers) follower.move(this.#connection.scope);
  }

  served(): Served {
    return new Map(this.#followers.map((follower) => [follower.type, follower.held()]));
  }

  close(): void {
    for (const follower of this.#followers) follower.leave();
    this.#connection.close();
  }
}

/** What a proxy holds of one type, kept current by the change log alone. */
class Follower implements ViewReader {
  readonly type: TypeUrl;
  revision = 0;
  readonly #controlPlane: ControlPlane;
  readonly #names: ReadonlySet<string>;
  #held = new Map<string, Resource>();
  #view: View | undefined;

  constructor(controlPlane: ControlPlane, type: TypeUrl, names: readonly string[]) {
    this.#controlPlane = controlPlane;
    this.type = type;
    this.#names = new Set(names);
  }

  move(scope: Scope): void {
    const view = this.#controlPlane.view(this.type, scope);
    if (view === this.#view) return;
    view?.attach(this);
    view?.follow(this.#names);
    this.leave();
    this.#view = view;
    this.revision = view?.revision ?? 0;
    const all = [...(view?.contents.resources() ?? [])];
    this.#held = new Map(all.map((resource) => [resource.name, resource]));
    assert.equal(this.#held.size, all.length, 'a view lists each name once');
  }

  leave(): void {
    this.#view?.unfollow(this.#names);
    this.#view?.detach(this);
  }

  changed(): void {
    const view = this.#view as View;
    for (const { name, resource } of view.changesSince(this.revision)) {
      if (resource === undefined) this.#held.delete(name);
      else this.#held.set(name, resource);
    }
    this.revision = view.revision;
  }

  /** What it holds, with the origins that the view knows now: other origins of the same bytes are told to nobody. */
  held(): ReadonlyMap<string, Resource> {
    const current = new Map([...(this.#view?.contents.resources() ?? [])].map((one) => [one.name, one]));
    const held = new Map<string, Resource>();
    for (const [name, resource] of this.#held) {
      const now = current.get(name);
      held.set(name, now?.version === resource.version ? now : resource);
    }
    return held;
  }
}
