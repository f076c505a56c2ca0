import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpConnectionManager } from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { HttpConnectionManager_PathWithEscapedSlashesAction as Slashes } from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { type NormalPath, normalizePath } from './path.ts';

function check(
  name: string,
  manager: HttpConnectionManager,
  cases: readonly (readonly [path: string, normal: string | NormalPath])[],
): void {
  it(name, () => {
    const found = cases.map(([path]) => {
      const normal = normalizePath(path, manager);
      return 'path' in normal ? normal.path : normal;
    });
    assert.deepEqual(
      found,
      cases.map(([, expected]) => expected),
    );
  });
}

describe('a path', () => {
  check('stays as it is unless something asks for normal form', {}, [
    ['/a/../b//c%2fd\\e', '/a/../b//c%2fd\\e'],
    ['/a?x=/../b', '/a?x=/../b'],
  ]);
  check('loses dot segments, needless escapes and backslashes in normal form', { normalizePath: true }, [
    ['/a/../b', '/b'],
    ['/a/./b/', '/a/b/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/../a', '/a'],
    ['/a/.', '/a/'],
    ['/a/%2e%2E/b', '/b'],
    ['/a\\b', '/a/b'],
    ['/%61%7e%20%2f', '/a~%20%2f'],
    ['//a', '//a'],
    ['/a%zz', '/a%zz'],
    ['*', '*'],
    ['/a/../b?c=/../d', '/b?c=/../d'],
  ]);
  check('has single slashes where they are merged', { mergeSlashes: true }, [
    ['//a///b/', '/a/b/'],
    ['/a?b=//c', '/a?b=//c'],
  ]);
  check('has its escaped slashes unescaped', { pathWithEscapedSlashesAction: Slashes.UNESCAPE_AND_FORWARD }, [
    ['/a%2fb%5Cc', '/a/b\\c'],
    ['/a%20b', '/a%20b'],
  ]);
  check('is refused for escaped slashes', { pathWithEscapedSlashesAction: Slashes.REJECT_REQUEST }, [
    ['/a%2Fb', { status: 400, because: 'the path has escaped slashes' }],
    ['/a?b=%2f', '/a?b=%2f'],
  ]);
  check(
    'is told to the client without escaped slashes, in normal form',
    { pathWithEscapedSlashesAction: Slashes.UNESCAPE_AND_REDIRECT, normalizePath: true },
    [
      ['/a%2f..%2fb?c', { status: 307, because: 'the path has escaped slashes', location: '/b?c' }],
      ['/a/../b', '/b'],
    ],
  );
  check('is refused for a fragment', {}, [['/a#b', { status: 400, because: 'a path must not have a fragment' }]]);
});
