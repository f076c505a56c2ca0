/** Rules that are put over HTTP: what is in force, what is refused, and what clients are told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Origin } from '../../src/model/origin.ts';
import { rule, rules, runApi, yaml } from './support/api.ts';

const path = `${rules}/reviews`;
const text = { accept: 'text/plain' };

describe('an object that is put', () => {
  it('is in force, and told by its generation and place', async (test) => {
    const { put, sink } = await runApi(test);
    const { status, headers, body } = await put(path, rule('reviews'));
    assert.deepEqual(
      [status, headers.location, headers.etag?.slice(0, 3), JSON.parse(body)],
      [
        201,
        path,
        '"1-',
        {
          result: 'created',
          kind: 'VirtualService',
          namespace: 'shop',
          name: 'reviews',
          generation: 1,
          hides: null,
          problems: [],
          text: '',
        },
      ],
    );
    assert.deepEqual(sink.objects(), ['VirtualService shop/reviews']);
  });

  it('is the same when it is put again, in whatever form, and another one when something differs', async (test) => {
    const { put, sink } = await runApi(test);
    const json = JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { resourceVersion: '7', uid: 'u' },
      spec: { http: [{ directResponse: { status: 418 } }], hosts: ['reviews'] },
      status: { observedGeneration: 3 },
    });
    const told = [
      await put(path, rule('reviews'), text),
      await put(path, json, { ...text, 'content-type': 'application/json' }),
      await put(path, rule('reviews', 451), text),
    ];
    assert.deepEqual(
      told.map(({ status, body }) => `${status} ${body}`),
      [
        '201 VirtualService shop/reviews created (generation 1)\n',
        '200 VirtualService shop/reviews unchanged (generation 1)\n',
        '200 VirtualService shop/reviews configured (generation 2)\n',
      ],
    );
    assert.deepEqual(sink.takeChanges(), ['+ VirtualService shop/reviews', '+ VirtualService shop/reviews']);
  });

  it('keeps what was in force when another one is refused, which is told by field, line and code', async (test) => {
    const { put, ask } = await runApi(test);
    await put(path, rule('reviews'));
    const bad = rule('reviews').replace('status: 418', 'status: 4180');
    const refused = await put(path, bad);
    assert.equal(refused.status, 422);
    const { problems, text: lines } = JSON.parse(refused.body);
    assert.deepEqual([problems[0].path, problems[0].line], ['spec.http[0].directResponse.status', 7]);
    assert.match(
      lines,
      /^body:7: VirtualService shop\/reviews: spec\.http\[0\]\.directResponse\.status: expected .* \[FW0111\]$/,
    );
    assert.equal(
      (await put(path, bad, text)).body,
      `expected an object without errors, found some; nothing has changed\n${lines}\n`,
    );
    assert.match((await ask(path)).body, /"status": 418/);
  });

  it('is taken with its warnings', async (test) => {
    const { put } = await runApi(test);
    const place = '/apis/security.istio.io/v1/namespaces/shop/peerauthentications/default';
    const policy = 'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nspec: {mtls: {mode: STRICT}}\n';
    const { status, body } = await put(place, policy, text);
    assert.deepEqual(
      [status, body],
      [
        201,
        'PeerAuthentication shop/default created (generation 1)\nbody:1: PeerAuthentication shop/default: a PeerAuthentication is checked but not executed by this version [FW0009]\n',
      ],
    );
  });

  it('is shown in the version that is asked for, alone and in lists', async (test) => {
    const { put, ask } = await runApi(test);
    await put(path, rule('reviews'));
    await put(`${rules}/a`, rule('a'));
    await put(path.replace('/shop/', '/stock/'), rule('reviews').replace(', namespace: shop', ''));
    const kept = {
      apiVersion: 'networking.istio.io/v1beta1',
      kind: 'VirtualService',
      metadata: { name: 'reviews', namespace: 'shop', creationTimestamp: '2026-06-01T10:00:00Z', generation: 1 },
      spec: { hosts: ['reviews'], http: [{ directResponse: { status: 418 } }] },
    };
    const older = path.replace('/v1/', '/v1beta1/');
    assert.deepEqual(JSON.parse((await ask(older)).body), kept);
    const names = async (at: string) => {
      const { kind, items } = JSON.parse((await ask(at)).body) as {
        readonly kind: string;
        readonly items: readonly (typeof kept)[];
      };
      return [kind, ...items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)];
    };
    assert.deepEqual(await names(rules), ['VirtualServiceList', 'shop/a', 'shop/reviews']);
    assert.deepEqual(await names('/apis/networking.istio.io/v1/virtualservices'), [
      'VirtualServiceList',
      'shop/a',
      'shop/reviews',
      'stock/reviews',
    ]);
    assert.deepEqual(await names(rules.replace('virtualservices', 'gateways')), ['GatewayList']);
  });

  it('changes only as its condition says', async (test) => {
    const { put, ask } = await runApi(test);
    const absent = { 'if-none-match': '*' };
    const first = await put(path, rule('reviews', 400), absent);
    const tag = String(first.headers.etag);
    const statuses = [
      await put(path, rule('reviews', 401), absent),
      await put(path, rule('reviews', 402), { 'if-match': tag }),
      await put(path, rule('reviews', 403), { 'if-match': tag }),
      await put(`${rules}/a`, rule('a'), { 'if-match': '*' }),
      await ask(path, { method: 'DELETE', headers: { 'if-match': tag } }),
    ].map(({ status }) => status);
    assert.deepEqual(statuses, [412, 200, 412, 412, 412]);
    assert.match((await ask(path)).body, /"status": 402/);
  });
});

describe('an object that is deleted', () => {
  const beneath: Origin = { kind: 'VirtualService', namespace: 'shop', name: 'reviews', file: 'rules.yaml', line: 3 };

  it('is not in force any more, and what lay beneath it is', async (test) => {
    const { put, ask, sink } = await runApi(test, { originsOf: () => [beneath] });
    assert.match((await put(path, rule('reviews'), text)).body, /\nit lies over .* \(rules\.yaml:3\)\n$/);
    const remove = () => ask(path, { method: 'DELETE', headers: text });
    const [first, second] = [await remove(), await remove()];
    assert.deepEqual(
      [first.status, first.body, second.status, second.body],
      [
        200,
        'VirtualService shop/reviews deleted\nin force is now VirtualService shop/reviews (rules.yaml:3)\n',
        404,
        'expected VirtualService shop/reviews to have been put here, found none; in force is one of another source, rules.yaml\n',
      ],
    );
    assert.deepEqual(sink.objects(), []);
  });
});

describe('a request', () => {
  interface Case {
    readonly method?: string;
    readonly at?: string;
    readonly headers?: { readonly [name: string]: string };
    readonly body?: string;
  }
  function check(name: string, { method = 'PUT', at = path, headers = yaml, body }: Case, expected: string): void {
    it(name, async (test) => {
      const { ask, sink } = await runApi(test);
      const reply = await ask(at, { method, headers: { ...text, ...headers }, body: body ?? rule('reviews') });
      assert.equal(`${reply.status} ${reply.body}`, `${expected}\n`);
      assert.deepEqual(sink.takeChanges(), []);
    });
  }
  const nobody = '401 expected a token of the token file in Authorization: Bearer, found none';
  check('with another token is refused', { headers: { authorization: 'Bearer another-token-of-some-length' } }, nobody);
  check('without a token is refused', { headers: { authorization: '' } }, nobody);
  check('with a token of another scheme is refused', { headers: { authorization: 'Basic YTpi' } }, nobody);
  check('without a token is told nothing of paths', { at: '/nowhere', headers: { authorization: '' } }, nobody);
  check(
    'for no path of the API is refused',
    { at: '/debug/configz' },
    '404 expected a path such as /apis/<group>/<version>/namespaces/<namespace>/<plural>/<name>, found another one',
  );
  check(
    'for a version that is not there is refused',
    { at: path.replace('v1', 'v7') },
    '404 expected v1 or v1beta1 or v1alpha3 as version of virtualservices, found another one',
  );
  check(
    'for a name that leads out of the folder is refused',
    { at: `${rules}/..%2f..%2ftoken` },
    '404 expected a name of at most 253 lower-case letters, digits, dashes and dots, found another one',
  );
  check('to post is refused', { at: rules, method: 'POST' }, '405 expected one of GET, HEAD, found POST');
  check(
    'with a form is refused',
    { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    '415 expected a body of application/json or application/yaml',
  );
  check(
    'with two objects is refused',
    { body: `${rule('reviews')}---\n${rule('reviews')}` },
    '400 expected a body of one object, found 2',
  );
  check(
    'with an object of another name is refused',
    { body: rule('ratings') },
    '400 expected reviews in metadata.name, as the path says, found "ratings"',
  );
  check(
    'with what is no YAML is refused',
    { body: 'a: [' },
    '422 expected an object without errors, found some; nothing has changed\nbody:1: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ] [FW0001]',
  );
  check('with other bytes is refused', { body: '' }, '400 expected a body of one object, found none');
});
