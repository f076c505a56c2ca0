import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectIn } from '../../test/support/objects.ts';
import { endpointSlices, type PodState } from './endpoint-slices.ts';
import { toLocalWorkload } from './local-workload.ts';
import { createPod } from './pod.ts';

const addresses = { number: 1, at: (part: number, n: number) => `127.1.${part}.${n}`, release() {} };

/** A pod of a Deployment `name` whose port `http` has a number. */
function pod(name: string, number: number, port: number, isReady = true): PodState {
  const { workload } = toLocalWorkload(
    objectIn(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop, annotations: { up.fairway.dev/local: "true" } }
spec:
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, command: [web], ports: [{ name: http, containerPort: ${port} }] }] }`),
    { namespace: 'shop' },
  );
  assert.ok(workload !== undefined);
  return { pod: createPod(workload, `${name}-1`, number, addresses), isReady };
}

function service(spec: string): Parameters<typeof endpointSlices>[0] {
  return objectIn(`apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: ${spec}`);
}

/** What each slice says: its ports, and its endpoints with their readiness. */
function summary(object: Parameters<typeof endpointSlices>[0], pods: readonly PodState[]): readonly string[] {
  return endpointSlices(object, pods).map(({ value }) => {
    const { ports, endpoints } = value as {
      readonly ports: readonly { readonly name?: string; readonly port: number }[];
      readonly endpoints: readonly { readonly addresses: readonly string[]; readonly conditions: { ready: boolean } }[];
    };
    const sockets = ports.map(({ name = '', port }) => `${name}:${port}`).join(',');
    const places = endpoints.map(({ addresses: [address], conditions }) => `${address} ${conditions.ready}`);
    return `${sockets} ${places.join(', ')}`;
  });
}

describe('the EndpointSlices of a Service', () => {
  const byNumber = '{ selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 9080 }] }';
  const byName = '{ selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] }';

  it('have the pods that it selects, ready or not', () => {
    assert.deepEqual(summary(service(byNumber), [pod('a', 1, 9080), pod('b', 2, 9080, false)]), [
      'http:9080 127.1.1.1 true, 127.1.1.2 false',
    ]);
  });

  it('are several where a name of a port means several numbers', () => {
    assert.deepEqual(summary(service(byName), [pod('a', 1, 9080), pod('b', 2, 9081), pod('c', 3, 9080)]), [
      'http:9080 127.1.1.1 true, 127.1.1.3 true',
      'http:9081 127.1.1.2 true',
    ]);
  });

  it('are none where it selects nothing by labels, or nobody', () => {
    assert.deepEqual(summary(service('{ ports: [{ port: 80 }] }'), [pod('a', 1, 9080)]), []);
    assert.deepEqual(summary(service('{ selector: { app: other }, ports: [{ port: 80 }] }'), [pod('a', 1, 9080)]), []);
  });

  it('say that all are ready where the Service publishes those that are not', () => {
    const text = byNumber.replace('{ selector', '{ publishNotReadyAddresses: true, selector');
    assert.deepEqual(summary(service(text), [pod('a', 1, 9080, false)]), ['http:9080 127.1.1.1 true']);
  });
});
