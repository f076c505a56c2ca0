import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectsIn } from '../../test/support/objects.ts';
import { propagationLine, suggestions } from './report.ts';

describe('what became of a change', () => {
  function check(name: string, [objects, propagation]: Parameters<typeof propagationLine>, line: string): void {
    it(name, () => assert.equal(propagationLine(objects, propagation), line));
  }

  const rejection = { proxy: 'door-1.shop', message: 'no such command' };

  check(
    'is told of one object',
    [['VirtualService shop/reviews'], { proxies: 7, rejections: [], durationMs: 11.2 }],
    'VirtualService shop/reviews: in force at 7 proxies after 12 ms',
  );
  check(
    'is told of several by their number',
    [['a', 'b', 'c', 'd'], { proxies: 1, rejections: [], durationMs: 3 }],
    '4 objects: in force at 1 proxy after 3 ms',
  );
  check(
    'may be nothing',
    [['Service shop/web'], { proxies: 0, rejections: [], durationMs: 1 }],
    'Service shop/web: no proxy needs this change',
  );
  check(
    'may be a rejection, beside those who took it',
    [['EnvoyFilter shop/a'], { proxies: 2, rejections: [rejection], durationMs: 5 }],
    'EnvoyFilter shop/a: in force at 2 proxies after 5 ms\nEnvoyFilter shop/a: rejected by door-1.shop: no such command',
  );
});

describe('what objects suggest to try', () => {
  it('is told line by line, in the order of files', () => {
    const service = (name: string, lines: string) =>
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop, annotations: { up.fairway.dev/try: ${JSON.stringify(lines)} } }`;
    const objects = [
      ...objectsIn(service('b', 'curl b'), '/mesh/b.yaml'),
      ...objectsIn(service('a', 'curl a\n\n  curl -v a\n'), '/mesh/a.yaml'),
      ...objectsIn('apiVersion: v1\nkind: Service\nmetadata: { name: c, namespace: shop }', '/mesh/c.yaml'),
    ];
    assert.deepEqual(suggestions(objects), ['curl a', 'curl -v a', 'curl b']);
  });
});
