/** Histories after which proxies once held what they would not have held from scratch. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { routeType } from '../src/resource/types.ts';
import type { Batch } from './oracle/history.ts';
import { run } from './oracle/run.ts';
import { Plane } from './support/plane.ts';
import { differences } from './support/served.ts';
import { configure, connect, put } from './support/steps.ts';

function check(name: string, ...batches: readonly Batch[]): void {
  it(name, () => run(batches));
}

describe('a commit', () => {
  check(
    'that moves a proxy to another scope shows it what else the commit has changed',
    [
      ...put(`
        apiVersion: v1
        kind: Service
        metadata: { name: x, namespace: b }
        spec: { ports: [{ port: 8080, name: http }] }`),
      ...connect('a'),
    ],
    configure({ proxyHttpPort: 15007, connectTimeout: '3s' }),
  );

  check('gives equal routes the origins of the objects that they come from now', [
    ...put(`
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: second, namespace: b }
        spec: { hosts: [ext.test], ports: [{ number: 80, name: http }] }`),
    ...connect('a'),
    ...put(`
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: { name: first, namespace: b }
        spec: { hosts: [ext.test], ports: [{ number: 80, name: http }] }`),
  ]);
});

describe('an alias', () => {
  it('that a proxy cannot see is no name of the host that it stands for', () => {
    const plane = new Plane({ namesFor: (type) => (type === routeType ? ['80'] : []) });
    const service = (namespace: string, name: string, rest: string) =>
      put(`
        apiVersion: v1
        kind: Service
        metadata: { name: ${name}, namespace: ${namespace}, annotations: { networking.istio.io/exportTo: "${name === 'x' ? '.' : '*'}" } }
        spec: { ${rest} }`);
    plane.take([...service('b', 'y', 'ports: [{ port: 80, name: http }]'), ...connect('a')]);
    const before = plane.served('1');
    plane.take(service('b', 'x', 'type: ExternalName, externalName: y.b.svc.cluster.local'));
    assert.deepEqual(differences(plane.served('1'), before), []);
  });
});
