/** Histories after which proxies once held what they would not have held from scratch. */
import { describe, it } from 'node:test';
import type { Batch } from './oracle/history.ts';
import { run } from './oracle/run.ts';
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
