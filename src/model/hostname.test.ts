import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFunction as check } from '../../test/support/function-table.ts';
import {
  compareSpecificity,
  covers,
  type Hostname,
  isWildcard,
  namespaceInName,
  overlaps,
  resolveShortName,
  wildcardsOver,
} from './hostname.ts';

describe('a wildcard', () => {
  check('begins with an asterisk', isWildcard, [
    ['*', true],
    ['*.example.com', true],
    ['example.com', false],
    ['a.*.com', false],
  ]);
  check('covers every name that ends so, and narrower wildcards', covers, [
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', '*.example.com', true],
    ['*.example.com', '*.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'aexample.com', false],
    ['*.b.example.com', '*.example.com', false],
    ['*', 'a', true],
    ['*', '*.com', true],
    ['*.com', '*', false],
  ]);
  check('lists the wildcards over a host, the most specific first', wildcardsOver, [
    ['a.b.c', ['*.b.c', '*.c', '*']],
    ['a', ['*']],
    ['*.b.c', ['*.b.c', '*.c', '*']],
    ['*', ['*']],
  ]);
});

describe('a name', () => {
  check('covers itself alone', covers, [
    ['a.com', 'a.com', true],
    ['a.com', 'b.com', false],
    ['a.com', '*.com', false],
    ['a.com', '*', false],
  ]);
});

check('hosts overlap when one covers the other', overlaps, [
  ['*.com', 'a.com', true],
  ['a.com', '*.com', true],
  ['*.b.com', '*.com', true],
  ['a.com', 'a.com', true],
  ['*.a.com', '*.b.com', false],
  ['a.com', 'b.com', false],
]);

it('hosts are ordered by how specific they are: names, then long wildcards, then short ones, each by name', () => {
  const sorted: readonly Hostname[] = ['a.com', 'b.com', '*.a.b.com', '*.b.com', '*.c.com', '*.com', '*'];
  assert.deepEqual([...sorted].reverse().sort(compareSpecificity), sorted);
  assert.equal(compareSpecificity('a.com', 'a.com'), 0);
});

check('a host without a dot is a service of the own namespace', resolveShortName, [
  ['reviews', 'shop', undefined, 'reviews.shop.svc.cluster.local'],
  ['reviews', 'shop', 'mesh.internal', 'reviews.shop.svc.mesh.internal'],
  ['Reviews', 'shop', undefined, 'reviews.shop.svc.cluster.local'],
  ['reviews.other', 'shop', undefined, 'reviews.other'],
  ['Example.COM', 'shop', undefined, 'example.com'],
  ['*', 'shop', undefined, '*'],
  ['*.example.com', 'shop', undefined, '*.example.com'],
  ['10.0.0.1', 'shop', undefined, '10.0.0.1'],
  ['::1', 'shop', undefined, '::1'],
  ['', 'shop', undefined, ''],
]);

check('the name of a Kubernetes service tells its namespace', namespaceInName, [
  ['reviews.shop.svc.cluster.local', 'shop'],
  ['reviews.shop.svc.mesh.internal', 'shop'],
  ['reviews.shop.svc', undefined],
  ['reviews.shop', undefined],
  ['a.b.c.svc.cluster.local', undefined],
  ['example.com', undefined],
]);
