/** Values for a structural schema: most parts as it wants them, a few not. */
import fc from 'fast-check';
import type { Node } from './structural-schema.ts';

/**
 * What may stand anywhere. Two things are left out, about which `fairway validate` and API servers differ on purpose:
 * numbers as strings, which only protobuf's JSON allows, and null as a value of a map, which servers drop.
 */
const anything: readonly unknown[] = [
  ...['', 'x', 'exact', '5s', '1h1.5m', '-.5µs', '+1s', '5 s', '0s'],
  ...[0, -1, 1.5, 80, 70_000, 2 ** 31, 2 ** 32, 1e300, true, false],
  ...[[], {}, ['x'], [{}], { unknown: 1 }],
];

/** An object's fields in any number, mostly few. */
export function anyOf(node: Node): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 60, arbitrary: rightFor(node) }, { weight: 1, arbitrary: fc.constantFrom(...anything) });
}

function rightFor(node: Node): fc.Arbitrary<unknown> {
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if (node.properties !== undefined) return fieldsOf(node, node.properties);
  if (node.additionalProperties !== undefined)
    return fc.dictionary(fc.constantFrom('a', 'b.c/d', '80'), anyOf(node.additionalProperties), { maxKeys: 2 });
  if (node.items !== undefined) return fc.array(anyOf(node.items), { maxLength: 2 });
  if (node.pattern !== undefined) return fc.constantFrom('0', '5s', '1h1.5m', '-.5µs', '250ms');
  if (node.type === 'string') return fc.constantFrom('', 'x', '5s');
  if (node.type === 'boolean') return fc.boolean();
  if (node.type === 'object') return fc.constantFrom({}, { anything: [1, null] });
  const { minimum = -1, maximum = 1 } = node;
  return fc.constantFrom(minimum, maximum, minimum + 1);
}

function fieldsOf({ required = [] }: Node, properties: { readonly [name: string]: Node }): fc.Arbitrary<unknown> {
  const names = Object.keys(properties);
  return fc
    .tuple(fc.subarray(names, { maxLength: Math.min(names.length, 4) }), fc.integer({ min: 0, max: 20 }))
    .chain(([chosen, forgets]) => {
      const wanted = new Set([...chosen, ...(forgets === 0 ? [] : required)]);
      return fc.record(
        Object.fromEntries([...wanted].map((name) => [name, fc.option(anyOf(properties[name] ?? {}), { freq: 20 })])),
      );
    });
}
