/** Keys and their values as objects: each value is read as a file would be. */
import { type FileContent, FileParser, nothing } from '../files/file.ts';
import { MergedObjects } from '../files/merge.ts';
import { decodeText } from '../files/text.ts';
import { ensure } from '../lib/ensure.ts';
import type { ObjectSink } from '../model/object-source.ts';

interface KnownKey {
  readonly parser: FileParser;
  value: Buffer;
  content: FileContent;
  /** Objects that the last value does not state, in force because it could not be read as a whole. */
  readonly kept: Set<string>;
}

/**
 * Objects by key. A value that cannot be read keeps all objects that its key held; a key that is gone takes its objects
 * along. Of two keys that state one object the first by name counts.
 */
export class KeyedObjects {
  readonly #keys = new Map<string, KnownKey>();
  readonly #objects = new MergedObjects();
  readonly #sink: Pick<ObjectSink, 'apply' | 'problems'>;

  readonly #store: string;

  /** `store` is what places of objects begin with: `consul` for `consul:fairway/rules/shop.yaml`. */
  constructor(store: string, sink: Pick<ObjectSink, 'apply' | 'problems'>) {
    this.#store = store;
    this.#sink = sink;
  }

  /** The keys that are known. */
  get names(): ReadonlySet<string> {
    return new Set(this.#keys.keys());
  }

  /** Takes all keys that there are, as of one moment; those that are held stay as they were, though they are not among them. */
  take(values: ReadonlyMap<string, Buffer>, held: ReadonlySet<string> = new Set()): void {
    const read = new Set<string>();
    for (const [key, value] of values) if (this.#read(key, value)) read.add(key);
    for (const [key, known] of this.#keys)
      if (!values.has(key) && !held.has(key)) {
        this.#replace(key, known, nothing);
        this.#keys.delete(key);
        read.add(key);
      }
    this.#publish(read);
  }

  /** Whether the value is another one. */
  #read(key: string, value: Buffer): boolean {
    const place = this.#placeOf(key);
    const isNew = !this.#keys.has(key);
    const known = ensure(this.#keys, key, () => {
      return { parser: new FileParser(place), value, content: nothing, kept: new Set<string>() };
    });
    if (!isNew && known.value.equals(value)) return false;
    known.value = value;
    const text = decodeText(value, place);
    const content =
      typeof text === 'string'
        ? known.parser.parse(text)
        : { objects: new Map(), problems: [text], isIncomplete: true };
    this.#replace(key, known, content);
    return true;
  }

  #replace(key: string, known: KnownKey, content: FileContent): void {
    const place = this.#placeOf(key);
    for (const id of known.content.objects.keys()) known.kept.add(id);
    for (const [id, object] of content.objects) {
      known.kept.delete(id);
      this.#objects.put(id, place, object);
    }
    known.content = content;
    if (content.isIncomplete) return;
    for (const id of known.kept) this.#objects.remove(id, place);
    known.kept.clear();
  }

  #publish(read: ReadonlySet<string>): void {
    const { changes, files } = this.#objects.takeChanges();
    if (changes.length > 0) this.#sink.apply(changes);
    for (const place of new Set([...[...read].map((key) => this.#placeOf(key)), ...files])) {
      const { objects, problems } = this.#keys.get(place.slice(this.#store.length + 1))?.content ?? nothing;
      this.#sink.problems(place, [...problems, ...this.#objects.duplicatesIn(place, objects.keys())]);
    }
  }

  #placeOf(key: string): string {
    return `${this.#store}:${key}`;
  }
}
