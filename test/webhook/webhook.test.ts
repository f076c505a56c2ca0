/** The webhook as an API server meets it: over TLS. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { answered, reviewText } from '../support/admission.ts';
import { issue } from '../support/certificates.ts';
import { usualSettings } from '../support/injection.ts';
import { until } from '../support/until.ts';
import { certificateOf, runWebhook } from './support/webhook.ts';

const rule = (weight: number) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}, weight: ${weight}}]}]}
`;
const good = reviewText(rule(1));
const pair = certificateOf('first');
const resource = { group: 'networking.istio.io', version: 'v1', resource: 'virtualservices' };

it('a rule is judged, and counted', async (test) => {
  const webhook = await runWebhook(test, { pair });
  const replies = [await webhook.ask(good), await webhook.ask(reviewText(rule(-1)))];
  assert.deepEqual(
    replies.map(({ status, body }) => ({ status, ...answered(body) })),
    [
      { status: 200, uid: 'u1', allowed: true },
      {
        status: 200,
        uid: 'u1',
        allowed: false,
        message:
          'VirtualService shop/reviews: spec.http[0].route[0].weight: expected a weight of 0 or more, found -1 [FW0106]\nwhat to do: docs/errors/FW0106.md',
      },
    ],
  );
  const { validTo } = new X509Certificate(pair.certificate);
  assert.deepEqual(webhook.counted, [
    { expiresMs: Date.parse(validTo) },
    { ...resource, isPassed: true },
    { status: 200 },
    { ...resource, isPassed: false },
    { status: 200 },
  ]);
});

describe('a request that is no question', () => {
  const running = runWebhook({ after }, { pair });

  function check(
    name: string,
    options: Parameters<Awaited<ReturnType<typeof runWebhook>>['ask']>[1],
    expected: { readonly status: number; readonly body: string; readonly allow?: string },
  ): void {
    it(name, async () => {
      const webhook = await running;
      assert.deepEqual(await webhook.ask(good, options), { allow: undefined, ...expected });
      assert.equal((await webhook.ask(good)).status, 200);
    });
  }
  check('asks for something else', { path: '/ready' }, { status: 404, body: 'expected the path /validate\n' });
  check('only puts', { method: 'PUT' }, { status: 405, allow: 'POST', body: 'expected POST, found PUT\n' });
  check(
    'brings no JSON',
    { headers: { 'content-type': 'application/yaml' } },
    { status: 415, body: 'expected a body of application/json\n' },
  );
  check('does not say what it brings', { headers: {} }, { status: 415, body: 'expected a body of application/json\n' });
});

it('pods are asked about at a path of their own, where they are injected', async (test) => {
  const webhook = await runWebhook(test, { pair, injection: () => usualSettings });
  const pod = reviewText(
    '{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: a}]}}',
  );
  assert.equal((await webhook.ask(pod, { path: '/inject?timeout=5s' })).status, 200);
  assert.deepEqual(webhook.counted.slice(1), [{ injected: 'injected' }, { status: 200 }]);
  assert.equal((await webhook.ask(pod, { path: '/other' })).body, 'expected the path /validate or /inject\n');
});

it('JSON that is none is told so', async (test) => {
  const webhook = await runWebhook(test, { pair });
  const { status, body } = await webhook.ask('{"apiVersion":');
  assert.deepEqual([status, body], [400, 'expected an AdmissionReview in JSON, found something else\n']);
  assert.deepEqual(webhook.counted.at(-1), { status: 400 });
});

it('the timeout of an API server in the query changes nothing', async (test) => {
  const webhook = await runWebhook(test, { pair });
  assert.equal((await webhook.ask(good, { path: '/validate?timeout=5s' })).status, 200);
});

describe('the certificate', () => {
  const presented = async (webhook: Awaited<ReturnType<typeof runWebhook>>) => {
    const socket = await webhook.connect();
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };

  it('is replaced while connections last', async (test) => {
    const webhook = await runWebhook(test, { pair });
    await webhook.ask(good);
    webhook.present(certificateOf('second'));
    await until(async () => (await presented(webhook)) === 'second', { what: 'the second certificate' });
    assert.equal((await webhook.ask(good)).status, 200);
  });

  it('stays when the next one does not fit', async (test) => {
    const webhook = await runWebhook(test, { pair });
    webhook.present({ ...certificateOf('second'), key: issue({ name: 'other' }).key });
    await until(() => webhook.logged.some((line) => line.includes('found another key')), { what: 'a line in the log' });
    assert.equal(await presented(webhook), 'first');
  });

  it('is waited for', async (test) => {
    const webhook = await runWebhook(test);
    await assert.rejects(webhook.connect());
    webhook.present(pair);
    await until(() => webhook.logged.some((line) => line.startsWith('info the webhook presents')), {
      what: 'the certificate',
    });
    assert.equal(await presented(webhook), 'first');
    assert.ok(webhook.logged.join('\n').includes(webhook.folder.at('tls.key')));
  });

  it('is one that clients can tell from others', async (test) => {
    const webhook = await runWebhook(test, { pair: issue({ name: 'stranger', altNames: ['localhost'] }) });
    await assert.rejects(webhook.ask(good), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});
