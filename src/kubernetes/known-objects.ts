/** The objects of one resource that are in force: takes what a server reports of them and tells what has changed. */
import type { Log } from '../lib/log.ts';
import { isRecord } from '../lib/schema.ts';
import type { ObjectChange } from '../model/kubernetes-object.ts';
import type { ObjectSink } from '../model/object-source.ts';
import { readObject, type ServedObject } from './read-object.ts';
import { isOlder } from './resource-version.ts';
import type { WatchedResource } from './watched-resource.ts';

export interface ObjectReport {
  readonly type: 'PRESENT' | 'DELETED';
  /** The object as the server sent it. */
  readonly value: unknown;
}

export interface KnownObjectsOptions {
  /** The source's name, which starts the names of parts that problems are told of. */
  readonly name: string;
  readonly resource: WatchedResource;
  readonly sink: ObjectSink;
  readonly log: Log;
}

export class KnownObjects {
  readonly #options: KnownObjectsOptions;
  /** By `namespace/name`. */
  readonly #objects = new Map<string, Pick<ServedObject, 'resourceVersion' | 'uid'>>();
  /** Those whose last report could not be read. */
  readonly #unreadable = new Set<string>();

  constructor(options: KnownObjectsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Takes reports in their order, in one step. Yields the keys of the objects that they are about. */
  take(reports: readonly ObjectReport[]): readonly string[] {
    const changes = reports.flatMap((report) => this.#changeOf(report) ?? []);
    if (changes.length > 0) this.#options.sink.apply(changes);
    return reports.flatMap(({ value }) => keyOf(value) ?? []);
  }

  /** The keys of those that are not among these. */
  othersThan(keys: ReadonlySet<string>): readonly string[] {
    return [...this.#objects.keys()].filter((key) => !keys.has(key));
  }

  /** The server has confirmed that these are gone. */
  drop(gone: readonly string[]): void {
    const { group, kind } = this.#options.resource;
    for (const key of gone) {
      this.#objects.delete(key);
      this.#solved(key);
    }
    const changes = gone.map((key) => ({ group, kind, ...parseKey(key) }));
    if (changes.length > 0) this.#options.sink.apply(changes);
  }

  /** Of what is not among these nothing can be wrong any more, unless it is in force. */
  forgetUnreadable(keys: ReadonlySet<string>): void {
    for (const key of this.#unreadable) if (!keys.has(key) && !this.#objects.has(key)) this.#solved(key);
  }

  /** What is reported from now on is believed, however old it is. */
  forgetVersions(): void {
    for (const [key, { uid }] of this.#objects) this.#objects.set(key, { uid, resourceVersion: '0' });
  }

  #changeOf({ type, value }: ObjectReport): ObjectChange | undefined {
    const { resource } = this.#options;
    const key = keyOf(value);
    const served = readObject(value, resource);
    if (key === undefined || typeof served === 'string') {
      this.#noteUnreadable(key, String(served));
      return undefined;
    }
    this.#solved(key);
    const { object, resourceVersion, uid } = served;
    const known = this.#objects.get(key);
    const identity = { group: resource.group, kind: resource.kind, ...parseKey(key) };
    if (type === 'DELETED') {
      // The name may be another object's by now.
      if (known === undefined || (known.uid !== uid && isOlder(resourceVersion, known.resourceVersion)))
        return undefined;
      this.#objects.delete(key);
      return identity;
    }
    if (known?.resourceVersion === resourceVersion || isOlder(resourceVersion, known?.resourceVersion ?? '0'))
      return undefined;
    this.#objects.set(key, { resourceVersion, uid });
    return { ...identity, object };
  }

  #noteUnreadable(key: string | undefined, message: string): void {
    const { name, resource, sink, log } = this.#options;
    if (key === undefined) {
      log.warn(`${name}: ${message}`, { registry: name });
      return;
    }
    this.#unreadable.add(key);
    const problem = {
      code: 'FW0008',
      severity: 'error',
      path: '',
      message: `${message}; its last good version stays in force`,
      object: { kind: resource.kind, ...parseKey(key) },
    } as const;
    sink.problems(`${name}/${key}`, [problem]);
  }

  #solved(key: string): void {
    if (this.#unreadable.delete(key)) this.#options.sink.problems(`${this.#options.name}/${key}`, []);
  }
}

/** `namespace/name` of an object, as far as it can be told. */
function keyOf(value: unknown): string | undefined {
  const metadata = isRecord(value) ? value.metadata : undefined;
  const { namespace = '', name } = isRecord(metadata) ? metadata : {};
  return typeof name === 'string' && name !== '' && typeof namespace === 'string' ? `${namespace}/${name}` : undefined;
}

function parseKey(key: string): { readonly namespace: string; readonly name: string } {
  const at = key.indexOf('/');
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}
