/** A view whose contents a test changes at will. */
import { anyHead } from './encode.ts';
import type { Resource } from './resource.ts';
import { clusterType, type TypeUrl } from './types.ts';
import { type Touch, View } from './view.ts';

/** A resource of the given version, whose Any holds the text `name@version`; at version `spoiled` it cannot be encoded. */
export function fakeResource(name: string, version: string): Resource {
  const value = Buffer.from(`${name}@${version}`);
  const bytes = Buffer.concat([anyHead('fake', value.length), value]);
  const origins: Resource['origins'] = [];
  if (version !== 'spoiled') return { name, version, chunks: [bytes], size: bytes.length, origins };
  return {
    name,
    version,
    get chunks(): never {
      throw new Error('spoiled');
    },
    size: 0,
    origins,
  };
}

export interface FakeView {
  readonly view: View;
  /** How often the contents were asked to follow each name, less how often to stop. */
  readonly followed: ReadonlyMap<string, number>;
  /** The last reader has left. */
  readonly isAbandoned: () => boolean;
  /** Sets resources by name to versions, or removes those of no version, in one commit of this revision. */
  commit(revision: number, versions: Readonly<Record<string, string | undefined>>): void;
}

export function fakeView(options: { readonly type?: TypeUrl; readonly number?: number } = {}): FakeView {
  const resources = new Map<string, Resource>();
  const followed = new Map<string, number>();
  const count = (names: Iterable<string>, by: number) => {
    for (const name of names) followed.set(name, (followed.get(name) ?? 0) + by);
  };
  let touch: Touch = () => {};
  let isAbandoned = false;
  const view = new View({
    type: options.type ?? clusterType,
    number: options.number ?? 1,
    revision: 0,
    open: (given) => {
      touch = given;
      return {
        resources: () => resources.values(),
        get: (name) => resources.get(name),
        follow: (names) => count(names, 1),
        unfollow: (names) => count(names, -1),
        close() {},
      };
    },
    dirty() {},
    abandoned: () => {
      isAbandoned = true;
    },
  });
  return {
    view,
    followed,
    isAbandoned: () => isAbandoned,
    commit(revision, versions) {
      for (const [name, version] of Object.entries(versions)) {
        touch(name);
        if (version === undefined) resources.delete(name);
        else resources.set(name, fakeResource(name, version));
      }
      view.settle(revision, revision * 1000);
    },
  };
}
