import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.ts';

it('a stream that is cut apart anywhere has the same lines', () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '💡', '{', '\\') }), { maxLength: 8 });
  fc.assert(
    fc.property(texts, fc.array(fc.nat(40), { maxLength: 10 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const ends = [...new Set([...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const splitter = new LineSplitter();
      const found = ends.flatMap((end, i) => splitter.push(bytes.subarray(ends[i - 1] ?? 0, end)));
      assert.deepEqual(
        found,
        lines.filter((line) => line !== ''),
      );
    }),
  );
});

it('a line without an end is refused before it fills the memory', () => {
  const splitter = new LineSplitter();
  const piece = Buffer.alloc(8 * 1024 * 1024, 'x');
  for (let i = 0; i < 4; i += 1) splitter.push(piece);
  assert.throws(() => splitter.push(piece), /expected a line, found more than 32 MiB without an end/);
});
