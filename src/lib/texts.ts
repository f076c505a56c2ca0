import { isRecord } from './schema.ts';

/** The fields of an object that are texts; none of what is no object. */
export function textsIn(value: unknown): { readonly [field: string]: string } {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
