import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answered, type ReviewOptions, reviewText } from '../../test/support/admission.ts';
import { usualSettings } from '../../test/support/injection.ts';
import { answerInjection } from './inject.ts';

const pod = (metadata = '', spec = '') => `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop${metadata}}
spec: {containers: [{name: web, image: web}]${spec}}
`;

/** What is answered, and which parts of the pod the patch changes. */
function asked(yaml: string, options: ReviewOptions = {}) {
  const { status, body, outcome } = answerInjection(Buffer.from(reviewText(yaml, options)), usualSettings);
  const { response } = JSON.parse(body) as {
    readonly response: { readonly patchType?: string; readonly patch?: string };
  };
  const text = response.patch === undefined ? '[]' : Buffer.from(response.patch, 'base64').toString();
  const operations = JSON.parse(text) as readonly { readonly op: string; readonly path: string }[];
  const { uid, ...rest } = answered(body);
  assert.deepEqual(
    [status, uid, response.patchType],
    [200, 'u1', response.patch === undefined ? undefined : 'JSONPatch'],
  );
  return { ...rest, outcome, changes: operations.map(({ op, path }) => `${op} ${path}`) };
}

const skipped = { allowed: true, outcome: 'skipped', changes: [] };
const onItsNode =
  'Pod shop/web: spec.hostNetwork: expected a network of its own, found that of the node, which cannot be intercepted [FW3201]';

describe('a question about a pod', () => {
  function check(name: string, found: () => object, expected: object): void {
    it(name, () => assert.deepEqual(found(), expected));
  }
  check('is answered with a patch', () => asked(pod()), {
    allowed: true,
    outcome: 'injected',
    changes: ['add /metadata/labels', 'add /metadata/annotations', 'add /spec/initContainers', 'add /spec/volumes'],
  });
  check(
    'that has all of that already touches what differs',
    () => asked(pod(', labels: {a: b}, annotations: {c: d}', ', volumes: []')),
    {
      allowed: true,
      outcome: 'injected',
      changes: [
        'add /metadata/labels/service.istio.io~1canonical-name',
        'add /metadata/labels/service.istio.io~1canonical-revision',
        'add /metadata/annotations/kubectl.kubernetes.io~1default-container',
        'add /metadata/annotations/kubectl.kubernetes.io~1default-logs-container',
        'add /metadata/annotations/istio.io~1rev',
        'add /metadata/annotations/prometheus.io~1scrape',
        'add /metadata/annotations/prometheus.io~1path',
        'add /metadata/annotations/prometheus.io~1port',
        'add /metadata/annotations/sidecar.istio.io~1status',
        'replace /spec/volumes',
        'add /spec/initContainers',
      ],
    },
  );
  check('that cannot have a sidecar says nothing', () => asked(pod('', ', hostNetwork: true')), skipped);
  check(
    'that cannot have the sidecar that it asks for says so',
    () => {
      const { warnings = [], ...rest } = asked(
        pod(', labels: {sidecar.istio.io/inject: "true"}', ', hostNetwork: true'),
      );
      return { ...rest, warning: warnings.join(' ') };
    },
    { ...skipped, warning: onItsNode },
  );
  check('that changes', () => asked(pod(), { operation: 'UPDATE', before: pod() }), skipped);
  check('that goes', () => asked(pod(), { operation: 'DELETE' }), skipped);
  check('and its debugging container', () => asked(pod(), { subResource: 'ephemeralcontainers' }), skipped);
  check(
    'and something else',
    () => asked('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n'),
    skipped,
  );
  check('that is none', () => asked(pod('', ', initContainers: [{image: a}]')), {
    allowed: false,
    outcome: 'failed',
    changes: [],
    message:
      'Pod shop/web: spec.initContainers[0]: expected the field name, found none [FW0006]\nwhat to do: docs/errors/FW0006.md',
  });
  check('that is too deep', () => asked(pod('', `, x: ${'['.repeat(70)}${']'.repeat(70)}`)), {
    allowed: false,
    outcome: 'failed',
    changes: [],
    message:
      'Pod shop/web: expected an object of at most 64 levels, found a deeper one [FW0013]\nwhat to do: docs/errors/FW0013.md',
  });

  it('that is no question is told so', () => {
    const body = 'expected an AdmissionReview in JSON, found something else\n';
    assert.deepEqual(answerInjection(Buffer.from('{'), usualSettings), { status: 400, body });
  });
});
