import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { listen } from './listen.ts';
import { silent } from './log.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

it('yields the port that was free', async (test) => {
  const server = createServer();
  test.after(() => server.close());
  const { host, port } = await listen(server, anyPort, silent);
  assert.equal(host, '127.0.0.1');
  assert.ok(port > 0);
});

it('is rejected where somebody listens', async (test) => {
  const [first, second] = [createServer(), createServer()];
  test.after(() => first.close());
  const address = await listen(first, anyPort, silent);
  await assert.rejects(listen(second, address, silent), { code: 'EADDRINUSE' });
});

it('a connection that cannot be accepted later ends nothing else', async (test) => {
  const lines: string[] = [];
  const server = createServer();
  test.after(() => server.close());
  await listen(server, anyPort, { ...silent, error: (message) => lines.push(message) });
  server.emit('error', new Error('too many open files'));
  assert.deepEqual(lines, ['a connection could not be accepted']);
});
