/** Weights as shares of all calls. */

export interface Weighted {
  readonly weight: number;
}

/** In percent, in the order given; clusters without weight take nothing. */
export function sharesOf<T extends Weighted>(items: readonly T[]): readonly (readonly [item: T, percent: number])[] {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  return items.filter(({ weight }) => weight > 0).map((item) => [item, (item.weight * 100) / total]);
}
