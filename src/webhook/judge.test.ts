import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answered, answered, type ReviewOptions, reviewText } from '../../test/support/admission.ts';
import { type Identified, judge } from './judge.ts';

const meshConfig = { namespace: 'istio-system', name: 'istio' };
const judged = (text: string) => judge(Buffer.from(text), meshConfig, () => {});

const rule = (spec: string, metadata = '', version = 'v1') => `apiVersion: networking.istio.io/${version}
kind: VirtualService
metadata: {name: reviews, namespace: shop${metadata}}
spec: ${spec}
`;
const good = '{hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]}';
const wrong = '{hosts: [reviews], http: [{route: [{destination: {host: reviews}, weight: -1}]}]}';
const warned =
  '{hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}, {route: [{destination: {host: a}}]}]}';
const mesh = (text: string, name = 'istio', namespace = 'istio-system') => `apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: ${namespace}}
data: {mesh: ${JSON.stringify(text)}}
`;

const allowed: Answered = { uid: 'u1', allowed: true };
const weight =
  'VirtualService shop/reviews: spec.http[0].route[0].weight: expected a weight of 0 or more, found -1 [FW0106]';

describe('a review', () => {
  function check(
    name: string,
    { yaml, ...options }: ReviewOptions & { readonly yaml: string },
    expected: Partial<Answered>,
  ): void {
    it(name, () => {
      const { status, body } = judged(reviewText(yaml, options));
      assert.deepEqual({ status, ...answered(body) }, { status: 200, uid: 'u1', ...expected });
    });
  }

  check('of a good rule lets it pass', { yaml: rule(good) }, allowed);
  check(
    'of a wrong rule says what is wrong, where, and what to do',
    { yaml: rule(wrong) },
    { allowed: false, message: `${weight}\nwhat to do: docs/errors/FW0106.md` },
  );
  check(
    'of an older version says the same',
    { yaml: rule(wrong, '', 'v1alpha3') },
    { allowed: false, message: `${weight}\nwhat to do: docs/errors/FW0106.md` },
  );
  check(
    'of a rule with something that has no effect passes with a warning in lines of 120 letters',
    { yaml: rule(warned) },
    {
      allowed: true,
      warnings: [
        'VirtualService shop/reviews: spec.http[1]: expected a route that some request reaches, found all of it taken by',
        'spec.http[0] [FW0123]',
      ],
    },
  );
  check(
    'of a rule whose name is to be made up calls it by its beginning',
    { yaml: rule(wrong).replace('name: reviews,', 'generateName: reviews-,') },
    {
      allowed: false,
      message: `${weight.replace('shop/reviews', 'shop/reviews-…')}\nwhat to do: docs/errors/FW0106.md`,
    },
  );
  check(
    'of a field that we do not know warns: the server may know it',
    { yaml: rule(good.replace('{hosts', '{newer: 1, hosts')) },
    {
      allowed: true,
      warnings: [
        'VirtualService shop/reviews: spec.newer: expected one of exportTo, gateways, hosts, http, tcp, tls, found the unknown',
        'field newer [FW0003]',
      ],
    },
  );
  check(
    'of a kind that is not ours lets it pass',
    { yaml: rule(wrong).replace('VirtualService', 'Surprise') },
    allowed,
  );
  check(
    'of a Gateway that is not Istio’s lets it pass',
    {
      yaml: rule(wrong)
        .replace('networking.istio.io', 'gateway.networking.k8s.io')
        .replace('VirtualService', 'Gateway'),
    },
    allowed,
  );
  check('of a deletion lets it happen', { yaml: rule(wrong), operation: 'DELETE' }, allowed);
  check(
    'of a status is none of ours',
    { yaml: rule(wrong), operation: 'UPDATE', before: rule(good), subResource: 'status' },
    allowed,
  );
  check(
    'of a change that makes a rule wrong refuses it',
    { yaml: rule(wrong), operation: 'UPDATE', before: rule(good) },
    { allowed: false, message: `${weight}\nwhat to do: docs/errors/FW0106.md` },
  );
  check(
    'of a change that makes a rule right lets it pass',
    { yaml: rule(good), operation: 'UPDATE', before: rule(wrong) },
    allowed,
  );
  check(
    'of a change that leaves a wrong spec as it is warns',
    { yaml: rule(wrong, ', labels: {team: a}'), operation: 'UPDATE', before: rule(wrong) },
    {
      allowed: true,
      warnings: ['this was wrong before, and keeps the object from coming into force:', weight],
    },
  );
  check(
    'of a change that adds an annotation nobody may set refuses it, whatever was wrong before',
    {
      yaml: rule(wrong, ', annotations: {internal.istio.io/webhook-always-reject: x}'),
      operation: 'UPDATE',
      before: rule(wrong),
    },
    {
      allowed: false,
      message:
        'VirtualService shop/reviews: metadata.annotations["internal.istio.io/webhook-always-reject"]: expected an object to use, found the annotation internal.istio.io/webhook-always-reject, which asks to refuse it [FW0015]\nwhat to do: docs/errors/FW0015.md',
      warnings: ['this was wrong before, and keeps the object from coming into force:', weight],
    },
  );
  check('of the MeshConfig lets a good one pass', { yaml: mesh('accessLogFile: /dev/stdout') }, allowed);
  check(
    'of the MeshConfig refuses a wrong one',
    { yaml: mesh('outboundTrafficPolicy: {mode: NONE}') },
    {
      allowed: false,
      message:
        'ConfigMap istio-system/istio: data.mesh.outboundTrafficPolicy.mode: expected one of REGISTRY_ONLY, ALLOW_ANY, ALLOW_ANY_DYNAMIC_DNS, found "NONE" [FW0005]\nwhat to do: docs/errors/FW0005.md',
    },
  );
  check(
    'of the MeshConfig refuses what is no YAML',
    { yaml: mesh('a: [') },
    {
      allowed: false,
      message:
        'ConfigMap istio-system/istio: data.mesh: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ], in line 1 of the text [FW0001]\nwhat to do: docs/errors/FW0001.md',
    },
  );
  check(
    'of a wrong MeshConfig warns while its text stays',
    { yaml: mesh('a: ['), operation: 'UPDATE', before: mesh('a: [') },
    {
      allowed: true,
      warnings: [
        'this was wrong before, and keeps the object from coming into force:',
        'ConfigMap istio-system/istio: data.mesh: expected YAML, found Flow sequence in block collection must be sufficiently',
        'indented and end with a ], in line 1 of the text [FW0001]',
      ],
    },
  );
  check('of another ConfigMap lets it pass', { yaml: mesh('a: [', 'other') }, allowed);
  check('of a ConfigMap of that name elsewhere lets it pass', { yaml: mesh('a: [', 'istio', 'shop') }, allowed);
});

describe('what is told', () => {
  const routes = (count: number, weight: number) =>
    rule(
      `{hosts: [a], http: [{route: [${Array.from({ length: count }, (_, i) => `{destination: {host: h${i}}, weight: ${weight}}`)}]}]}`,
    );

  it('is the first twenty of many problems, and how many there are more', () => {
    const lines = answered(judged(reviewText(routes(50, -1))).body).message?.split('\n') ?? [];
    assert.deepEqual([lines.length, lines[0], lines[20]], [22, weight, 'and 30 problems more']);
  });

  it('quotes no more of a value than a line holds', () => {
    const long = 'x'.repeat(100_000);
    const { message = '' } = answered(judged(reviewText(rule(`{hosts: [a], ${long}: 1, http: 1}`))).body);
    assert.ok(message.length < 3000, `${message.length} letters`);
  });

  it('is warnings that an API server does not cut off', () => {
    const fields = Array.from({ length: 90 }, (_, i) => `unknownField${i}: 1`);
    const { warnings = [] } = answered(judged(reviewText(rule(`{${fields}, ${good.slice(1)}`))).body);
    assert.ok(warnings.every((line) => line.length <= 120 && !line.includes('\n')));
    assert.ok(warnings.join('').length <= 4096);
    assert.match(warnings.at(-1) ?? '', /^and \d+ lines more$/);
  });
});

describe('a request that is no review', () => {
  function check(name: string, body: string | Uint8Array, expected: string): void {
    it(name, () =>
      assert.deepEqual(
        judge(Buffer.from(body), meshConfig, () => {}),
        { status: 400, body: `${expected}\n` },
      ),
    );
  }
  const noJson = 'expected an AdmissionReview in JSON, found something else';
  check('is empty', '', noJson);
  check('is no JSON', '{"a":', noJson);
  check('is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), noJson);
  check('is ten thousand brackets', '['.repeat(10_000), noJson);
  check('is JSON of another kind', '[]', 'expected an object, found a list');
  check(
    'is a review of a version that is gone',
    reviewText(rule(good)).replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'),
    'apiVersion: expected one of admission.k8s.io/v1, found "admission.k8s.io/v1beta1"',
  );
  check(
    'asks nothing',
    '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}',
    'expected the field request, found none',
  );
  check(
    'has nothing to be identified by',
    reviewText(rule(good)).replace('"uid":"u1",', ''),
    'request: expected the field uid, found none',
  );
  check(
    'has no object',
    reviewText(rule(good)).replace(/"object":\{.*\},"oldObject"/s, '"object":null,"oldObject"'),
    'request.object: expected the object of the CREATE, found none',
  );
});

describe('depth', () => {
  const nested = (levels: number) => `${'{a: '.repeat(levels)}1${'}'.repeat(levels)}`;
  const filter = (levels: number) => `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: deep, namespace: shop}
spec: ${nested(levels)}
`;
  const deep = 'Telemetry shop/deep: expected an object of at most 64 levels, found a deeper one [FW0013]';
  const pages = 'what to do: docs/errors/FW0013.md';
  function check(name: string, text: string, expected: Pick<Answered, 'allowed' | 'message'>): void {
    it(name, () => {
      const { uid, allowed, message } = answered(judged(text).body);
      assert.deepEqual({ uid, allowed, ...(message === undefined ? {} : { message }) }, { uid: 'u1', ...expected });
    });
  }
  check('of 64 levels is fine', reviewText(filter(63)), { allowed: true });
  check('of 65 is refused', reviewText(filter(64)), { allowed: false, message: `${deep}\n${pages}` });
  check(
    'of ten thousand is refused',
    reviewText(filter(0)).replace('"spec":1', `"spec":${'['.repeat(10_000)}${']'.repeat(10_000)}`),
    { allowed: false, message: `${deep}\n${pages}` },
  );
  check('of a deletion is nobody’s care', reviewText(filter(90), { operation: 'DELETE' }), { allowed: true });
  check('of what was there does not matter', reviewText(filter(2), { operation: 'UPDATE', before: filter(90) }), {
    allowed: true,
  });
  check('of a kind that is not ours does not matter', reviewText(filter(90)).replaceAll('Telemetry', 'Surprise'), {
    allowed: true,
  });
});

describe('what is counted', () => {
  function check(name: string, text: string, expected: unknown): void {
    it(name, () => assert.deepEqual(judged(text).outcome, expected));
  }
  const counted = { group: 'networking.istio.io', version: 'v1', resource: 'virtualservices' };
  check('is a rule that passes', reviewText(rule(good)), { ...counted, isPassed: true });
  check('is a rule that is refused', reviewText(rule(wrong)), { ...counted, isPassed: false });
  check('is no version that a client makes up', reviewText(rule(good, '', 'v99')), {
    ...counted,
    version: 'other',
    isPassed: true,
  });
  check('is the MeshConfig', reviewText(mesh('')), {
    group: '',
    version: 'v1',
    resource: 'configmaps',
    isPassed: true,
  });
  check('is nothing that was not judged', reviewText(rule(good), { operation: 'DELETE' }), undefined);
});

it('who is asked about is told before the content is looked at', () => {
  const told: Identified[] = [];
  judge(Buffer.from(reviewText(rule(good))), meshConfig, (review) => told.push(review));
  assert.deepEqual(told, [
    {
      uid: 'u1',
      kind: 'VirtualService',
      namespace: 'shop',
      name: 'reviews',
      counted: { group: 'networking.istio.io', version: 'v1', resource: 'virtualservices' },
    },
  ]);
});
