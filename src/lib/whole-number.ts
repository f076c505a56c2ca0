/** A whole number from 1 to `most`, be it written as a text; undefined for anything else. */
export function wholeNumber(value: unknown, most: number): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= most ? number : undefined;
}
