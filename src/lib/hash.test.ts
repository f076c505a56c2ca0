import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contentVersion, hash32 } from './hash.ts';

describe('a content version', () => {
  it('is the same on every machine and in every run', () => {
    assert.equal(contentVersion('abc'), 'ungWv48Bz-pBQUDe');
    assert.equal(contentVersion(''), '47DEQpj8HBSa-_TI');
  });

  it('is the same for a text and for its bytes', () => {
    assert.equal(contentVersion(Buffer.from('größe')), contentVersion('größe'));
  });

  it('differs where the content does', () => {
    const versions = ['a', 'b', 'a ', 'A', ''].map(contentVersion);
    assert.equal(new Set(versions).size, 5);
  });
});

describe('a 32-bit hash', () => {
  it("is FNV-1, as its authors' test vectors show", () => {
    assert.deepEqual(['', 'a', 'b', 'foobar'].map(hash32), [0x811c9dc5, 0x050c5d7e, 0x050c5d7d, 0x31f0b262]);
  });

  it('is never negative', () => {
    for (let i = 0; i < 1000; i++) assert.ok(hash32(`service-${i}`) >= 0);
  });

  it('spreads similar texts over all remainders', () => {
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[hash32(`pod-${i}`) % 10] = (counts[hash32(`pod-${i}`) % 10] ?? 0) + 1;
    assert.deepEqual(
      counts.filter((count) => count < 800 || count > 1200),
      [],
    );
  });
});
