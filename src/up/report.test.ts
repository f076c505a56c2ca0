import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectIn, objectsIn } from '../../test/support/objects.ts';
import { toLocalWorkload } from './local-workload.ts';
import { createPod } from './pod.ts';
import { consulPlace, consulSuggestions, propagationLine, suggestions } from './report.ts';

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

describe('what is told of Consul', () => {
  const server = new URL('http://127.0.0.1:8500');
  const addresses = { number: 1, at: (part: number, number: number) => `127.1.${part}.${number}`, release() {} };

  function pod(app: string, number: number, registry = 'consul') {
    const text = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${app}, namespace: shop, annotations: { up.fairway.dev/local: "true", up.fairway.dev/registry: ${registry} } }
spec:
  template:
    spec: { containers: [{ command: [web], ports: [{ containerPort: 9080 }] }] }`;
    const { workload } = toLocalWorkload(objectIn(text), { namespace: 'shop' });
    assert.ok(workload !== undefined);
    return createPod(workload, `${app}-${number}`, number, addresses);
  }

  it('is where it is, and which process it is when it belongs to the mesh', () => {
    assert.deepEqual(
      [
        consulPlace(server, undefined),
        consulPlace(server, { version: '1.8.7', pid: () => 42 }),
        consulPlace(server, { version: '1.8.7', pid: () => undefined }),
      ],
      [
        'Consul: http://127.0.0.1:8500',
        'Consul 1.8.7: http://127.0.0.1:8500/ui, process 42',
        'Consul 1.8.7: http://127.0.0.1:8500/ui, being started again',
      ],
    );
  });

  it('is what to try with an instance that others can stand in for', () => {
    const pods = [pod('counter', 1), pod('prices', 1), pod('prices', 2), pod('flour', 1, 'kubernetes'), pod('till', 1)];
    assert.deepEqual(consulSuggestions(server, pods), [
      `curl -s http://127.0.0.1:8500/v1/health/service/prices | grep '"Status"'`,
      `curl -X PUT 'http://127.0.0.1:8500/v1/agent/service/maintenance/prices-2?enable=true'   # no more traffic there; enable=false ends it`,
    ]);
  });

  it('is nothing to try when no pod is there', () => {
    assert.deepEqual(consulSuggestions(server, [pod('flour', 1, 'kubernetes')]), []);
  });
});
