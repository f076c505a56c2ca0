import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createInterner } from './intern.ts';
import type { Resource } from './resource.ts';
import { clusterType, endpointType } from './types.ts';
import { fakeResource } from './view.fake.ts';

const base: Resource = { ...fakeResource('a', '1'), origins: ['Service/shop/a'] };
const host = {
  name: 'a',
  origins: ['VirtualService/shop/a'],
  routes: [{ object: 'VirtualService/shop/a', path: 'spec.http[0]' }],
};

/** Whether the second of two resources becomes the first. */
function check(
  name: string,
  first: Resource,
  second: Resource,
  isSame: boolean,
  types = [clusterType, clusterType],
): void {
  it(name, () => {
    const { intern } = createInterner();
    const [one = '', other = ''] = types;
    assert.equal(intern(one, first) === intern(other, second), isSame);
  });
}

check('equal resources become one object', base, { ...base }, true);
check('resources of other content stay apart', base, { ...base, version: '2' }, false);
check('resources of other names stay apart', base, { ...base, name: 'b' }, false);
check('resources of other types stay apart', base, { ...base }, false, [clusterType, endpointType]);
check('equal bytes from other objects stay apart', base, { ...base, origins: ['Service/shop/b'] }, false);
check('equal parts become one object', { ...base, parts: [host] }, { ...base, parts: [{ ...host }] }, true);
check(
  'equal bytes whose parts come from other rules stay apart',
  { ...base, parts: [host] },
  { ...base, parts: [{ ...host, routes: [{ object: 'VirtualService/shop/b', path: 'spec.http[0]' }] }] },
  false,
);
