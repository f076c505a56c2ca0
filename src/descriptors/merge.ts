/**
 * Merging of messages as protobuf defines it (https://protobuf.dev/reference/cpp/api-docs/google.protobuf.message, MergeFrom):
 * what is set in one takes the place of what the other has, messages merge inside, lists are appended, entries of maps are
 * replaced. A value that is its type's default is not set and changes nothing. Durations are values and are replaced.
 */
import { clone, type Message } from '@bufbuild/protobuf';
import { type ReflectList, type ReflectMap, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { envoyMessage } from './registry.ts';

/** What happens to lists that both messages have. */
export type ListMerge = 'append' | 'replace';

/** Merges `source` into `target`, a message of the same type, which changes; `source` does not. */
export function mergeInto(target: Message, source: Message, lists: ListMerge): void {
  const schema = envoyMessage(target.$typeName);
  merge(reflect(schema, target), reflect(schema, clone(schema, source)), lists);
}

/** Messages that are one value, or bytes that only make sense whole. */
const whole: ReadonlySet<string> = new Set(['google.protobuf.Duration', 'google.protobuf.Any']);

function merge(target: ReflectMessage, source: ReflectMessage, lists: ListMerge): void {
  for (const field of source.fields) {
    if (!source.isSet(field)) continue;
    switch (field.fieldKind) {
      case 'list':
        mergeList(target.get(field), source.get(field), lists);
        break;
      case 'map':
        mergeMap(target.get(field), source.get(field));
        break;
      case 'message':
        if (target.isSet(field) && !whole.has(field.message.typeName)) {
          const inner = target.get(field);
          merge(inner, source.get(field), lists);
          target.set(field, inner);
        } else target.set(field, source.get(field));
        break;
      default:
        target.set(field, source.get(field));
    }
  }
  const unknown = source.getUnknown() ?? [];
  if (unknown.length > 0) target.setUnknown([...(target.getUnknown() ?? []), ...unknown]);
}

function mergeList(target: ReflectList, source: ReflectList, lists: ListMerge): void {
  if (lists === 'replace') target.clear();
  for (const item of source) target.add(item);
}

function mergeMap(target: ReflectMap, source: ReflectMap): void {
  for (const [key, value] of source) target.set(key, value);
}
