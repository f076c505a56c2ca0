import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startTlsApplication } from '../../test/envoy/support/tls-application.ts';
import { issue } from '../../test/support/certificates.ts';
import { silent } from '../lib/log.ts';
import { ProbeError, parseProbes } from './probes.ts';
import { statusServer } from './status-server.ts';

const host = '127.0.0.1';

async function listening(context: TestContext, server: Server): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  context.after(() => server.close());
  return (server.address() as { readonly port: number }).port;
}

/** What a kubelet gets for probes as injection rewrites them. */
async function agentWith(context: TestContext, probes: object) {
  const server = statusServer(
    {
      whyNotReady: async () => undefined,
      metrics: async () => ({ contentType: 'text/plain', body: '' }),
      probes: parseProbes(JSON.stringify(probes)),
      application: { host: '127.0.0.1' },
      drain: async () => {},
      quit: () => {},
    },
    silent,
  );
  const { port } = await server.listen({ host, port: 0 });
  context.after(() => server.close());
  return async (path: string) => {
    const response = await fetch(`http://${host}:${port}${path}`, { headers: { 'user-agent': 'kube-probe/1.35' } });
    return { status: response.status, body: await response.text() };
  };
}

const page = { status: 200, body: 'well' };

test('a probe by HTTP has path, query, header fields and sender of the original', async (context) => {
  const seen: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    seen.push(`${method} ${url} ${headers.host} ${headers['x-probe']} ${headers['user-agent']}`);
    response.end('well');
  });
  const port = await listening(context, server);
  const httpHeaders = [
    { name: 'Host', value: 'web.test' },
    { name: 'X-Probe', value: 'yes' },
  ];
  const ask = await agentWith(context, {
    '/app-health/web/readyz': { httpGet: { path: '/healthz?deep=1', port, httpHeaders } },
    '/app-health/web/livez': { httpGet: { port } },
    '/app-lifecycle/web/prestopz': { httpGet: { path: 'bye', port } },
  });
  assert.deepEqual(await ask('/app-health/web/readyz'), page);
  assert.deepEqual(await ask('/app-health/web/livez'), page);
  assert.deepEqual(await ask('/app-lifecycle/web/prestopz'), page);
  assert.equal((await ask('/app-health/web/startupz')).status, 404);
  assert.deepEqual(seen, [
    'GET /healthz?deep=1 web.test yes kube-probe/1.35',
    `GET / ${host}:${port} undefined kube-probe/1.35`,
    `GET /bye ${host}:${port} undefined kube-probe/1.35`,
  ]);
});

test('a probe follows redirections to the same host, with the same header fields', async (context) => {
  const seen: string[] = [];
  const server = createServer(({ url, headers }, response) => {
    seen.push(`${url} ${headers['x-probe']}`);
    if (url === '/a%20b?%C3%BC') response.writeHead(302, { location: '/c?d' }).end();
    else if (url === '/c?d') response.writeHead(307, { location: `http://${host}:${port}/ill` }).end();
    else if (url === '/round') response.writeHead(301, { location: 'round' }).end();
    else response.writeHead(503).end('ill');
  });
  const port = await listening(context, server);
  const httpHeaders = [{ name: 'X-Probe', value: 'yes' }];
  const ask = await agentWith(context, {
    '/app-health/web/readyz': { httpGet: { path: '/a b?ü', port, httpHeaders } },
    '/app-health/web/livez': { httpGet: { path: '/round', port } },
  });
  assert.deepEqual(await ask('/app-health/web/readyz'), { status: 503, body: 'ill' });
  assert.deepEqual(seen, ['/a%20b?%C3%BC yes', '/c?d yes', '/ill yes']);
  assert.deepEqual(await ask('/app-health/web/livez'), {
    status: 503,
    body: 'expected at most 10 redirections, found more',
  });
});

test('a probe fails with the status of the application, and a redirection to another host is an answer', async (context) => {
  const port = await listening(
    context,
    createServer(({ url }, response) => {
      response.writeHead(url === '/moved' ? 302 : 500, { location: 'http://elsewhere.test/' }).end('ill');
    }),
  );
  const ask = await agentWith(context, {
    '/app-health/web/readyz': { httpGet: { path: '/', port } },
    '/app-health/web/livez': { httpGet: { path: '/moved', port } },
  });
  assert.deepEqual(await ask('/app-health/web/readyz'), { status: 500, body: 'ill' });
  assert.equal((await ask('/app-health/web/livez')).status, 200);
});

test('a page of any length is an answer, of which the beginning is passed on', async (context) => {
  const port = await listening(
    context,
    createServer((_, response) => response.end('x'.repeat(300_000))),
  );
  const ask = await agentWith(context, { '/app-health/web/livez': { httpGet: { port } } });
  assert.deepEqual(await ask('/app-health/web/livez'), { status: 200, body: 'x'.repeat(10_240) });
});

test('a probe fails when nobody answers in time', async (context) => {
  const port = await listening(
    context,
    createServer(() => {}),
  );
  const ask = await agentWith(context, { '/app-health/web/livez': { httpGet: { port }, timeoutSeconds: 1 } });
  assert.deepEqual(await ask('/app-health/web/livez'), { status: 503, body: 'no answer within 1000 ms' });
});

test('a probe by HTTPS believes any certificate', async (context) => {
  const { certificate, key } = issue({ name: 'another.test' });
  const application = await startTlsApplication({ address: host, name: 'well', presents: { certificate, key } });
  context.after(() => application.close());
  const { port } = application;
  const ask = await agentWith(context, { '/app-health/web/livez': { httpGet: { port, scheme: 'HTTPS' } } });
  assert.deepEqual(await ask('/app-health/web/livez'), page);
});

test('a probe by TCP asks whether somebody listens', async (context) => {
  const server = createTcpServer((socket) => socket.destroy());
  const port = await listening(context, server);
  const ask = await agentWith(context, { '/app-health/web/livez': { tcpSocket: { port } } });
  assert.deepEqual(await ask('/app-health/web/livez'), { status: 200, body: '' });
  server.close();
  await once(server, 'close');
  assert.deepEqual(await ask('/app-health/web/livez'), {
    status: 503,
    body: `connect ECONNREFUSED ${host}:${port}`,
  });
});

test('a probe by gRPC asks the protocol of health', async (context) => {
  const server = createHttp2Server();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    assert.equal(headers[':path'], '/grpc.health.v1.Health/Check');
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    // SERVING.
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
  });
  const port = await listening(context, server);
  const ask = await agentWith(context, { '/app-health/web/livez': { grpc: { port } } });
  assert.deepEqual(await ask('/app-health/web/livez'), { status: 200, body: '' });
});

test('probes that cannot be are told with their place', () => {
  const wrong = JSON.stringify({ '/app-health/web/livez': { grpc: { port: 'nine' } } });
  assert.throws(
    () => parseProbes(wrong),
    new ProbeError(`${place}: expected a whole number from 1 to 65535, found "nine"`),
  );
  assert.throws(() => parseProbes('{'), /expected KUBE_APP_PROBERS to be JSON, found /);
});

const place = 'KUBE_APP_PROBERS./app-health/web/livez.grpc.port';
