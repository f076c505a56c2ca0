import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeOrigin, lineOf, type Origin, originKey } from './origin.ts';

const reviews: Origin = {
  kind: 'VirtualService',
  namespace: 'shop',
  name: 'reviews',
  file: 'rules.yaml',
  line: 12,
  lines: { 'spec.http[0]': 20, 'spec.http[1]': 30, 'spec.http[1].match[0]': 31 },
};

it('an origin is known by kind, namespace and name', () => {
  assert.equal(originKey(reviews), 'VirtualService/shop/reviews');
  assert.equal(originKey({ kind: 'Node', namespace: '', name: 'n1' }), 'Node//n1');
});

describe('the line of a part', () => {
  const check = (name: string, path: string, line: number | undefined, origin: Origin = reviews) =>
    it(name, () => assert.equal(lineOf(origin, path), line));

  check('is its own where it is known', 'spec.http[1].match[0]', 31);
  check('is that of the nearest part above it otherwise', 'spec.http[1].route[0].weight', 30);
  check('is that of the object where no part is known', 'spec.hosts[0]', 12);
  check('is that of the object for the object', '', 12);
  check('is found for names with signs in them', 'spec.http[0].match[0].headers.@request.auth.claims[group]', 20);
  check('is found for a name that is empty', 'spec.http[0].match[0].headers.', 20);
  check('is found when nothing before it is like a path', ']]..', 12);
  check('is unknown for an object of an API server', 'spec.http[0]', undefined, {
    kind: 'VirtualService',
    namespace: 'shop',
    name: 'reviews',
    uid: 'u',
  });
});

describe('the description of an origin', () => {
  const check = (name: string, origin: Origin, path: string, text: string) =>
    it(name, () => assert.equal(describeOrigin(origin, path), text));

  check('names the file and the line of the object', reviews, '', 'VirtualService shop/reviews (rules.yaml:12)');
  check('names the line of a part', reviews, 'spec.http[1]', 'VirtualService shop/reviews (rules.yaml:30)');
  check(
    'names no file for an object of an API server',
    { kind: 'Service', namespace: 'shop', name: 'a' },
    '',
    'Service shop/a',
  );
  check('names no namespace where there is none', { kind: 'Node', namespace: '', name: 'n1' }, '', 'Node n1');
  check(
    'takes the first line of a file without lines',
    { kind: 'Node', namespace: '', name: 'n1', file: 'a.yaml' },
    '',
    'Node n1 (a.yaml:1)',
  );
});
