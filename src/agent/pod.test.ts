import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDownward, podOf } from './pod.ts';

const required = { POD_NAME: 'reviews-6c5d7b9f4-x2x7k', POD_NAMESPACE: 'shop', INSTANCE_IP: '10.0.0.7' };

function podIn(env: NodeJS.ProcessEnv, files: { readonly [path: string]: string } = {}) {
  return podOf({ env, read: (path) => files[path], podFolder: '/etc/istio/pod' });
}

describe('who a pod is', () => {
  it("is what Istio's injection tells it", () => {
    const pod = podIn(
      {
        ...required,
        SERVICE_ACCOUNT: 'reviews',
        ISTIO_META_CLUSTER_ID: 'east',
        ISTIO_META_WORKLOAD_NAME: 'reviews-v1',
        ISTIO_META_NODE_NAME: 'node-1',
        ISTIO_META_DNS_CAPTURE: 'true',
        ISTIO_META_POD_PORTS: '[{"name":"http","containerPort":9080}]',
        ISTIO_METAJSON_EXTRA: '{"TEAM":"books"}',
      },
      {
        '/etc/istio/pod/labels': 'app="reviews"\nistio-locality="eu.eu-1.rack"\nversion="v1"',
        '/etc/istio/pod/annotations': 'note="a \\"b\\""\nkubectl.kubernetes.io/last-applied-configuration="{}"',
      },
    );
    assert.deepEqual(pod, {
      ips: ['10.0.0.7'],
      name: 'reviews-6c5d7b9f4-x2x7k',
      namespace: 'shop',
      serviceAccount: 'reviews',
      labels: { app: 'reviews', 'istio-locality': 'eu.eu-1.rack', version: 'v1' },
      annotations: { note: 'a "b"', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      workload: 'reviews-v1',
      cluster: 'east',
      locality: { region: 'eu', zone: 'eu-1', subzone: 'rack' },
      metadata: {
        CLUSTER_ID: 'east',
        WORKLOAD_NAME: 'reviews-v1',
        NODE_NAME: 'node-1',
        DNS_CAPTURE: 'true',
        POD_PORTS: '[{"name":"http","containerPort":9080}]',
        TEAM: 'books',
        ANNOTATIONS: { note: 'a "b"' },
      },
    });
  });

  it('has the name of its workload in its own where nobody says it', () => {
    assert.equal(podIn(required).workload, 'reviews');
    assert.equal(podIn({ ...required, POD_NAME: 'db-0' }).workload, 'db-0');
  });

  it('may have several addresses', () => {
    assert.deepEqual(podIn({ ...required, INSTANCE_IPS: '10.0.0.7, 2001:db8::7' }).ips, ['10.0.0.7', '2001:db8::7']);
  });

  const refuse = (name: string, env: NodeJS.ProcessEnv, message: string) =>
    it(name, () => assert.throws(() => podIn(env), { name: 'PodError', message }));
  refuse(
    'is not known without a name',
    { INSTANCE_IP: '10.0.0.7' },
    'expected POD_NAME to name the pod, found nothing',
  );
  refuse(
    'is not known without an address',
    { POD_NAME: 'a' },
    "expected INSTANCE_IP to be the pod's IP address, found nothing",
  );
  refuse(
    'is not known by a name as its address',
    { POD_NAME: 'a', INSTANCE_IP: 'web' },
    `expected INSTANCE_IP to be the pod's IP address, found "web"`,
  );
});

describe('a file of the downward API', () => {
  it('is read with its escapes, and with values that have none', () => {
    assert.deepEqual(parseDownward('a="1=2"\nb="line\\nline \\u00e9 \\x41"\nc=plain\n\nd=""'), {
      a: '1=2',
      b: 'line\nline é A',
      c: 'plain',
      d: '',
    });
  });
});
