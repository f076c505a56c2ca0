import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { mergedMetrics, scraperOf } from './metrics.ts';

const host = '127.0.0.1';
const metrics = 'orders_total 7\n';

async function placeOf(context: TestContext, answer: (response: ServerResponse, headers: IncomingHttpHeaders) => void) {
  const server = createServer(({ headers }, response) => answer(response, headers)).listen(0, host);
  await once(server, 'listening');
  context.after(() => server.close());
  return { host, port: (server.address() as AddressInfo).port, path: '/metrics' };
}

async function merged(
  context: TestContext,
  answer: (response: ServerResponse, headers: IncomingHttpHeaders) => void,
  headers: IncomingHttpHeaders = {},
) {
  const failures: string[] = [];
  const { body } = await mergedMetrics(
    {
      envoy: await placeOf(context, (response) => response.end('envoy 1\n')),
      application: await placeOf(context, answer),
      own: async () => 'own 1\n',
      onFailure: (source, { message }) => failures.push(`${source}: ${message}`),
    },
    scraperOf(headers),
  );
  return { body, failures };
}

describe('metrics of a pod', () => {
  const check = (name: string, headers: IncomingHttpHeaders, body: Buffer, failure?: string) =>
    it(name, async (context) => {
      const found = await merged(context, (response) => response.writeHead(200, headers).end(body));
      assert.deepEqual(found, {
        body: `own 1\nenvoy 1\n${failure === undefined ? metrics : ''}`,
        failures: failure === undefined ? [] : [`application: ${failure}`],
      });
    });
  check('have what an application says', {}, Buffer.from(metrics));
  check('unpack what nobody asked to be packed', { 'content-encoding': 'gzip' }, gzipSync(metrics));
  check('lack what only seems packed', { 'content-encoding': 'gzip' }, Buffer.from(metrics), 'incorrect header check');
  check(
    'lack what is packed otherwise',
    { 'content-type': 'text/plain', 'content-encoding': 'br' },
    brotliCompressSync(metrics),
    'expected 200 and a text, found 200, text/plain and br',
  );
  check(
    'lack pages for people',
    { 'content-type': 'text/html' },
    Buffer.from('<html></html>'),
    'expected 200 and a text, found 200, text/html and identity',
  );

  it('lack an application that answers later than Prometheus waits', async (context) => {
    const headers = { 'x-prometheus-scrape-timeout-seconds': '0.2' };
    const { body, failures } = await merged(context, () => {}, headers);
    assert.deepEqual(
      { body, failures },
      { body: 'own 1\nenvoy 1\n', failures: ['application: no answer within 180 ms'] },
    );
  });

  it('tell the application who asks, and how long that waits', async (context) => {
    const said = { 'user-agent': 'Prometheus/3.0', 'x-prometheus-scrape-timeout-seconds': '10' };
    let heard: IncomingHttpHeaders = {};
    await merged(
      context,
      (response, headers) => {
        heard = headers;
        response.end(metrics);
      },
      { ...said, cookie: 'a=b' },
    );
    const { connection, host: asked, ...told } = heard;
    assert.deepEqual(told, { ...said, accept: 'text/plain;version=0.0.4' });
  });
});

describe('how long others may take', () => {
  const check = (seconds: string | undefined, expected: number) =>
    it(`when Prometheus waits ${seconds ?? 'it does not say how many'} seconds`, () => {
      const headers = seconds === undefined ? {} : { 'x-prometheus-scrape-timeout-seconds': seconds };
      assert.equal(scraperOf(headers).timeoutMs, expected);
    });
  check('10', 9000);
  check('1.5', 1350);
  check(undefined, 5000);
  check('soon', 5000);
  check('-1', 5000);
  check('1e9', 5000);
});
