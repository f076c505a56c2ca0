import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectIn } from '../../test/support/objects.ts';
import { type Registration, registrationOf } from './consul-registration.ts';
import { toLocalWorkload } from './local-workload.ts';
import { createPod } from './pod.ts';

const addresses = { number: 1, at: (part: number, number: number) => `127.1.${part}.${number}`, release() {} };

/** The registration of the first pod of a Deployment; `labels` and `annotations` are those of its pods. */
function registered(labels: string, { annotations = '', port = 'name: http', isReady = true } = {}): Registration {
  const object = objectIn(
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: reviews-v2, namespace: shop }
spec:
  template:
    metadata:
      labels: {${labels}}
      annotations: { up.fairway.dev/local: "true", up.fairway.dev/registry: consul, ${annotations} }
    spec:
      serviceAccountName: reviewer
      containers: [{ command: [node, reviews.ts], ports: [{ ${port}, containerPort: 9080 }, { containerPort: 9090 }] }]`,
    '/mesh/reviews.yaml',
  );
  const { workload } = toLocalWorkload(object, { namespace: 'shop' });
  assert.ok(workload !== undefined);
  return registrationOf({ pod: createPod(workload, 'reviews-v2-1', 7, addresses), isReady });
}

describe('a pod in Consul', () => {
  it('is an instance by its own name, with its address, its first port and its labels', () => {
    assert.deepEqual(registered('app: reviews, version: v2'), {
      ID: 'reviews-v2-1',
      Name: 'reviews',
      Address: '127.1.1.7',
      Port: 9080,
      Meta: { app: 'reviews', version: 'v2', 'istio-protocol': 'http', 'istio-service-account': 'reviewer' },
      Check: {
        CheckID: 'service:reviews-v2-1',
        Name: 'ready',
        TTL: '8760h',
        Status: 'passing',
        Notes: 'what fairway up finds: the application and its Envoy serve',
      },
    });
  });

  it('is critical while it is not ready', () => {
    assert.equal(registered('', { isReady: false }).Check.Status, 'critical');
  });

  it('bears the name that is stated, else its label app, else the name of its workload', () => {
    const names = [
      registered('app: reviews', { annotations: 'up.fairway.dev/service: opinions' }),
      registered('app: reviews'),
      registered(''),
    ].map(({ Name }) => Name);
    assert.deepEqual(names, ['opinions', 'reviews', 'reviews-v2']);
  });

  it('keeps labels to itself whose names Consul does not take', () => {
    const { Meta } = registered('app.kubernetes.io/name: reviews, istio-port: "80"');
    assert.deepEqual(Meta, { 'istio-port': '80', 'istio-protocol': 'http', 'istio-service-account': 'reviewer' });
  });

  it('says nothing of a protocol that its port does not name', () => {
    assert.equal(registered('', { port: 'name: web' }).Meta['istio-protocol'], undefined);
    assert.equal(registered('', { port: 'name: grpc-api' }).Meta['istio-protocol'], 'grpc');
  });
});
