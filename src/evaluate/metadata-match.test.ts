import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { MetadataMatcher } from '../proto/envoy/type/matcher/v3/metadata.ts';
import { metadataMismatch } from './metadata-match.ts';

/** Whether a value at `a.b` of what the filter found out matches; undefined stands for none. */
function check(name: string, value: object, cases: readonly (readonly [found: unknown, matches: boolean])[]): void {
  it(name, () => {
    const message = messageOf(MetadataMatcher, { filter: 'jwt', path: [{ key: 'a' }, { key: 'b' }], value });
    const found = cases.map(([b]) => [b, metadataMismatch(message, { metadata: { jwt: { a: { b } } } }) === undefined]);
    assert.deepEqual(found, cases);
  });
}

describe('what a filter found out', () => {
  check('is a text', { stringMatch: { prefix: 'a' } }, [
    ['ab', true],
    ['b', false],
    [['ab'], false],
    [undefined, false],
  ]);
  check('is there', { presentMatch: true }, [
    ['', true],
    [null, true],
    [undefined, false],
  ]);
  check('is never found absent', { presentMatch: false }, [
    [undefined, false],
    ['', false],
  ]);
  check('is null', { nullMatch: {} }, [
    [null, true],
    [undefined, false],
  ]);
  check('is true', { boolMatch: true }, [
    [true, true],
    [false, false],
    ['true', false],
  ]);
  check('is a number', { doubleMatch: { exact: 1.5 } }, [
    [1.5, true],
    ['1.5', false],
  ]);
  check('is a number within a range', { doubleMatch: { range: { start: 1, end: 2 } } }, [
    [1, true],
    [2, false],
  ]);
  check('is a list with one that fits', { listMatch: { oneOf: { stringMatch: { exact: 'a' } } } }, [
    [['b', 'a'], true],
    [['b'], false],
    ['a', false],
  ]);
  check('is one of several', { orMatch: { valueMatchers: [{ boolMatch: true }, { stringMatch: { exact: 'a' } }] } }, [
    [true, true],
    ['a', true],
    ['b', false],
  ]);
});

it('says what it found, and may ask for the opposite', () => {
  const asked = { filter: 'jwt', path: [{ key: 'a' }], value: { stringMatch: { exact: 'x' } } };
  const of = (metadata: { readonly [filter: string]: unknown }, invert: boolean) =>
    metadataMismatch(messageOf(MetadataMatcher, { ...asked, invert }), { metadata });
  assert.deepEqual(
    [of({ jwt: { a: 'y' } }, false), of({}, false), of({ jwt: { a: 'x' } }, true), of({}, true)],
    ['a of jwt is "y"', 'a of jwt is absent', 'a of jwt is "x"', undefined],
  );
});
