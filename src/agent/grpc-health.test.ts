import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { runProbe } from './probes.ts';

/** A gRPC server whose services are healthy, or not: by the bytes of the question. */
async function probed(answers: { readonly [question: string]: readonly number[] }, service: string | undefined) {
  const server = createServer();
  server.on('stream', async (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    const answer = answers[Buffer.concat(chunks).toString('hex')];
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': answer === undefined ? '5' : '0' }));
    stream.end(answer === undefined ? undefined : Buffer.from(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const result = await runProbe(
    { grpc: { port, ...(service === undefined ? {} : { service }) } },
    { host: '127.0.0.1' },
    {},
  );
  server.close();
  return result;
}

describe('a probe by gRPC', () => {
  const whole = '0000000000';
  const ofShop = '00000000060a0473686f70';

  function check(name: string, service: string | undefined, answer: readonly number[], expected: object): void {
    it(name, async () => {
      assert.deepEqual(await probed({ [service === undefined ? whole : ofShop]: answer }, service), expected);
    });
  }
  check('succeeds when the server serves', undefined, [0, 0, 0, 0, 2, 8, 1], { status: 200, body: '' });
  check('asks about a service', 'shop', [0, 0, 0, 0, 2, 8, 1], { status: 200, body: '' });
  check('fails when it does not serve', 'shop', [0, 0, 0, 0, 2, 8, 2], {
    status: 503,
    body: 'expected SERVING, found NOT_SERVING',
  });
  check('fails when it does not know', 'shop', [0, 0, 0, 0, 0], {
    status: 503,
    body: 'expected SERVING, found UNKNOWN',
  });

  it('fails when there is no such service', async () => {
    assert.deepEqual(await probed({}, 'shop'), { status: 503, body: 'expected the gRPC status 0, found 5' });
  });
});
