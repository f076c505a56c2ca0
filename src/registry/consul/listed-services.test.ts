import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listedServices, namedChanges, whyNotWhole } from './listed-services.ts';

describe('the list of services', () => {
  it('has every spelling of a name under one, with tags in order', () => {
    const answer = { WEB: ['b', 'a'], web: ['c'], 'My Web/ü': [], none: null };
    assert.deepEqual(
      [...listedServices(answer)],
      [
        ['web', ['a', 'b', 'c']],
        ['my web/ü', []],
        ['none', []],
      ],
    );
  });

  it('names what is new, gone or has other tags, in whatever order they come', () => {
    const before = listedServices({ consul: [], web: ['a', 'b'], stock: ['x'], gone: [] });
    const after = listedServices({ cart: [], stock: ['y'], web: ['b', 'a'], consul: [] });
    assert.deepEqual(namedChanges(before, after), ['cart', 'stock', 'gone']);
  });
});

describe('a list is', () => {
  const check = (
    name: string,
    before: readonly string[] | undefined,
    after: readonly string[],
    expected: RegExp | undefined,
  ) =>
    it(name, () => {
      const listed = (names: readonly string[]) => listedServices(Object.fromEntries(names.map((one) => [one, []])));
      const reason = whyNotWhole(before && listed(before), listed(after));
      if (expected === undefined) assert.equal(reason, undefined);
      else assert.match(reason ?? '', expected);
    });
  check('whole with the servers in it', ['consul', 'web'], ['consul'], undefined);
  check('whole without the servers for a token that never saw them', ['web'], ['stock'], undefined);
  check('whole without the servers at first', undefined, ['web'], undefined);
  check(
    'not whole when the servers are gone from it',
    ['consul', 'web'],
    ['web'],
    /the token may no longer read services/,
  );
  check('not whole with nothing in it', ['web'], [], /found no services: the token may read none/);
  check('not whole with nothing in it at first', undefined, [], /found no services: the token may read none/);
});
