/** The shape of a series of retry delays, in milliseconds. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Yields numbers in [0, 1). */
  readonly random: () => number;
}

/** Delays that double from `firstMs` to `mostMs`, each spread over its upper half so that clients do not return together. */
export interface Backoff {
  next(): number;
  reset(): void;
}

export function backoff({ firstMs, mostMs, random }: BackoffOptions): Backoff {
  let attempt = 0;
  return {
    next() {
      const ceiling = Math.min(mostMs, firstMs * 2 ** attempt);
      attempt += 1;
      return ceiling / 2 + (random() * ceiling) / 2;
    },
    reset() {
      attempt = 0;
    },
  };
}
