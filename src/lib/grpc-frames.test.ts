import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FrameReader, type FrameResult } from './grpc-frames.ts';

const head = (length: number, flag = 0) => Buffer.from([flag, length >>> 24, length >>> 16, length >>> 8, length]);
const framed = (message: Buffer) => Buffer.concat([head(message.length), message]);
const message = (text: string) => framed(Buffer.from(text));

/** What comes of each chunk: messages as texts, and what is wrong. */
function read(chunks: readonly Buffer[], limit = 100): readonly (readonly string[])[] {
  const reader = new FrameReader(limit);
  const text = (result: FrameResult) =>
    result.kind === 'message'
      ? result.bytes.toString()
      : result.kind === 'too-large'
        ? `too large: ${result.length}`
        : result.kind;
  return chunks.map((chunk) => [...reader.read(chunk)].map(text));
}

function check(name: string, chunks: readonly Buffer[], expected: readonly (readonly string[])[]): void {
  it(name, () => assert.deepEqual(read(chunks), expected));
}

const bytesOf = (bytes: Buffer) => Array.from(bytes, (byte) => Buffer.from([byte]));

describe('messages come out', () => {
  check('when they are whole', [message('one')], [['one']]);
  check('all at once when they come at once', [Buffer.concat([message('one'), message('two')])], [['one', 'two']]);
  check('when their last byte has come', bytesOf(message('ab')), [[], [], [], [], [], [], ['ab']]);
  check('empty', [message('')], [['']]);
  check(
    'whatever stands behind them',
    [Buffer.concat([message('one'), head(3)]), Buffer.from('two')],
    [['one'], ['two']],
  );
  check(
    'when their head is split',
    [head(3).subarray(0, 2), Buffer.concat([head(3).subarray(2), Buffer.from('one')])],
    [[], ['one']],
  );
  check('up to the limit', [message('x'.repeat(100))], [['x'.repeat(100)]]);
});

describe('refused is', () => {
  check('a compressed message', [Buffer.concat([head(1, 1), Buffer.from('x')])], [['compressed']]);
  check('a message above the limit, as soon as its head has come', [head(101)], [['too large: 101']]);
  check('a message of the largest length there is', [head(0xffffffff)], [['too large: 4294967295']]);
  check(
    'what follows good messages all the same',
    [Buffer.concat([message('one'), head(101)])],
    [['one', 'too large: 101']],
  );
});

it('however messages are split, they come out whole and in order', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(messages, cuts, (bodies, sizes) => {
      const bytes = Buffer.concat(bodies.map((body) => framed(Buffer.from(body))));
      const reader = new FrameReader(100);
      const found: string[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        for (const result of reader.read(bytes.subarray(at, at + size)))
          found.push(result.kind === 'message' ? result.bytes.toString('hex') : result.kind);
        at += size;
      }
      assert.deepEqual(
        found,
        bodies.map((body) => Buffer.from(body).toString('hex')),
      );
    }),
    { numRuns: 500 },
  );
});

it('messages that were handed out stay as they are', () => {
  const reader = new FrameReader(100);
  const held: Buffer[] = [];
  const chunks = [
    message('one').subarray(0, 4),
    message('one').subarray(4),
    message('two'),
    ...bytesOf(message('six')),
  ];
  for (const chunk of chunks)
    for (const result of reader.read(chunk)) held.push(...(result.kind === 'message' ? [result.bytes] : []));
  assert.deepEqual(held.map(String), ['one', 'two', 'six']);
});

it('a large message that comes in single bytes costs time in proportion to its size', { timeout: 20_000 }, () => {
  const size = 1 << 20;
  const reader = new FrameReader(size);
  const byte = Buffer.from([1]);
  const before = [...bytesOf(head(size)), ...Array.from({ length: size - 1 }, () => byte)];
  const early = before.flatMap((chunk) => [...reader.read(chunk)]);
  const [result] = reader.read(byte);
  assert.deepEqual([early, result?.kind], [[], 'message']);
});
