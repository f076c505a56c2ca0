/** JSON patches (RFC 6902), in which API servers want changes. */
import { equal } from '../lib/equal.ts';
import { isRecord } from '../lib/schema.ts';

export type Operation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** What makes `after` of `before`: objects field by field, lists as a whole. */
export function jsonPatch(before: unknown, after: unknown, path = ''): readonly Operation[] {
  if (equal(before, after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [{ op: 'replace', path, value: after }];
  const at = (field: string) => `${path}/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const removed = Object.keys(before)
    .filter((field) => after[field] === undefined)
    .map((field): Operation => ({ op: 'remove', path: at(field) }));
  const stated = Object.entries(after).filter(([, value]) => value !== undefined);
  return [
    ...removed,
    ...stated.flatMap(([field, value]): readonly Operation[] =>
      before[field] === undefined
        ? [{ op: 'add', path: at(field), value }]
        : jsonPatch(before[field], value, at(field)),
    ),
  ];
}
