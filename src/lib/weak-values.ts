/** Values by key, for as long as somebody else holds them. */
export class WeakValues<V extends object> {
  readonly #values = new Map<string, WeakRef<V>>();
  readonly #registry = new FinalizationRegistry<string>((key) => {
    if (this.#values.get(key)?.deref() === undefined) this.#values.delete(key);
  });

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key)?.deref();
  }

  set(key: string, value: V): void {
    this.#values.set(key, new WeakRef(value));
    this.#registry.register(value, key);
  }
}
