/** How the console speaks HTTP: methods, paths that are not there, limits, and what it never tells. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { clusterType, listenerType, secretType } from '../../src/resource/types.ts';
import { connectProxy } from '../support/asking-proxy.ts';
import { issue } from '../support/certificates.ts';
import { serveMesh } from '../support/served-mesh.ts';

describe('a request', () => {
  function check(
    name: string,
    { path, method = 'GET', body }: { readonly path: string; readonly method?: string; readonly body?: string },
    expected: {
      readonly status: number;
      readonly body?: RegExp;
      readonly headers?: { readonly [name: string]: string | null };
    },
  ): void {
    it(name, async (test) => {
      const mesh = await serveMesh(test);
      const reply = await mesh.get(path, { method, ...(body === undefined ? {} : { body }) });
      const headers = Object.fromEntries(
        Object.keys(expected.headers ?? {}).map((field) => [field, reply.headers.get(field)]),
      );
      assert.deepEqual({ status: reply.status, headers }, { status: expected.status, headers: expected.headers ?? {} });
      assert.match(await reply.text(), expected.body ?? /^/);
    });
  }

  check(
    'for the root lists what there is',
    { path: '/' },
    { status: 200, body: /^\/ready +200 while proxies are served/m },
  );
  check(
    'for /debug lists it too',
    { path: '/debug' },
    { status: 200, body: /^\/debug\/syncz +for each proxy and type/m },
  );
  check(
    'for /debug/list lists it too',
    { path: '/debug/list' },
    { status: 200, body: /^\/metrics +metrics for Prometheus/m },
  );
  check('may end in a slash', { path: '/version/' }, { status: 200 });
  check('may have a query that means nothing', { path: '/version?a=b' }, { status: 200 });
  check(
    'is answered in JSON that nobody stores',
    { path: '/version' },
    {
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    },
  );
  check(
    'for a path that is not there is told what there is',
    { path: '/debug/adsz' },
    { status: 404, body: /^expected one of these paths, found \/debug\/adsz:\n[\s\S]*\/debug\/syncz/ },
  );
  check(
    'for no path is told what one looks like',
    { path: '//' },
    { status: 400, body: /^expected a path such as \/ready, found \/\/\n$/ },
  );
  check(
    'that wants to change something is refused',
    { path: '/debug/syncz', method: 'POST', body: '{}' },
    {
      status: 405,
      body: /^expected GET, found POST: everything here is read only\n$/,
      headers: { allow: 'GET, HEAD', connection: 'close' },
    },
  );
  check(
    'that wants to delete something is refused',
    { path: '/ready', method: 'DELETE' },
    { status: 405, headers: { allow: 'GET, HEAD' } },
  );
  check('with headers of more than 16 KiB is refused', { path: `/version?${'x'.repeat(17_000)}` }, { status: 431 });
});

it('HEAD has the headers of GET and no body', async (test) => {
  const mesh = await serveMesh(test);
  const [get, head] = [await mesh.get('/version'), await mesh.get('/version', { method: 'HEAD' })];
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('content-length'), get.headers.get('content-length'));
  assert.equal(await head.text(), '');
});

it('what is no HTTP is refused, and others go on', async (test) => {
  const mesh = await serveMesh(test);
  const socket = connect(mesh.httpPort, '127.0.0.1');
  socket.end('hello\r\n\r\n');
  const [answer] = (await once(socket.setEncoding('utf8'), 'data')) as [string];
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.equal((await mesh.get('/version')).status, 200);
});

it('a key is nowhere to be read: not on a page, not in a log', async (test) => {
  const mesh = await serveMesh(test);
  const [front, other] = [issue({ name: 'front' }), issue({ name: 'other' })];
  const secret = (key: string) => `apiVersion: v1
kind: Secret
metadata: {name: front, namespace: edge}
type: kubernetes.io/tls
data: {tls.crt: ${Buffer.from(front.certificate).toString('base64')}, tls.key: ${Buffer.from(key).toString('base64')}}
`;
  const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {app: ingress}
  servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop.test], tls: {mode: SIMPLE, credentialName: front}}]
`;
  mesh.source.apply(`${secret(front.key)}---\n${gateway}`);
  mesh.source.sync();
  await connectProxy(test, {
    port: (await mesh.started).xdsAddress.port,
    id: 'router~10.0.0.9~ingress-1.edge~edge.svc.cluster.local',
    metadata: { NAMESPACE: 'edge', LABELS: { app: 'ingress' } },
    subscriptions: { [clusterType]: [], [listenerType]: [], [secretType]: ['kubernetes://front'] },
  });
  // A second version, whose key does not fit, is spoken of in the log and among the problems.
  mesh.source.apply(secret(other.key));
  const list = await (await mesh.get('/')).text();
  const paths = list.split('\n').flatMap((line) => /^\/\S*/.exec(line)?.[0] ?? []);
  const told = await Promise.all(
    paths.map(async (path) => (await mesh.get(`${path}?proxyID=ingress&include_eds`)).text()),
  );
  const all = [...told, ...mesh.logged].join('\n');
  assert.ok(all.includes('kubernetes://front') && all.includes(Buffer.from('[redacted]').toString('base64')));
  assert.ok(mesh.logged.some((line) => /^error test.yaml:5: Secret edge.front: data.*found another key/.test(line)));
  for (const key of [front.key, other.key]) {
    const [begin = '', body = ''] = key.split('\n');
    const parts = [begin, body, Buffer.from(key).toString('base64').slice(0, 60)];
    assert.deepEqual(
      parts.filter((part) => all.includes(part)),
      [],
    );
  }
});
