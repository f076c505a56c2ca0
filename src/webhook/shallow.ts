/** JSON of people who may mean harm, cut off at a depth before anything reads it. */

const quote = 0x22;
const backslash = 0x5c;
const zero = 0x30;
const space = 0x20;
const opening: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closing: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * Replaces lists and objects below a depth by the number 0, in place: the text keeps its length, whatever is deeper need
 * not be well-formed, and nothing is called for each level. A list or object at the top is at depth 1.
 */
export function makeShallow(json: Uint8Array, deepest: number): void {
  let depth = 0;
  let isText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i] ?? 0;
    const isInside = depth > deepest;
    if (isText) {
      if (byte === backslash) {
        if (isInside) json.fill(space, i, i + 2);
        i += 1;
        continue;
      }
      if (byte === quote) isText = false;
    } else if (byte === quote) isText = true;
    else if (opening.has(byte)) {
      depth += 1;
      if (depth === deepest + 1) {
        json[i] = zero;
        continue;
      }
    } else if (closing.has(byte)) depth -= 1;
    if (isInside) json[i] = space;
  }
}

/** How many lists and objects stand within each other in a value, which is of a bounded depth. */
export function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const child of Array.isArray(value) ? value : Object.values(value)) deepest = Math.max(deepest, depthOf(child));
  return deepest + 1;
}
