/** The stand-in answers as a real Nomad was recorded to answer. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { until } from '../support/until.ts';
import type { NomadServer } from './support/nomad-server.ts';
import {
  type Exchange,
  type RecordedStream,
  readRecording,
  standIn,
  unordered,
  writeUntil,
} from './support/recording.ts';

async function ask({ url }: NomadServer, { request, sent = {}, headers }: Exchange): Promise<Exchange> {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: { 'accept-encoding': 'identity', ...sent },
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  const found = Object.keys(headers).map((name) => [name, response.headers.get(name) ?? 'none']);
  return {
    request,
    ...(Object.keys(sent).length === 0 ? {} : { sent }),
    status: response.status,
    headers: Object.fromEntries(found),
    body: isJson ? unordered(JSON.parse(text)) : text.trim(),
  };
}

describe('the stand-in for Nomad', { concurrency: true }, () => {
  for (const name of ['catalog', 'access', 'no-leader', 'connection-limit', 'node-lost']) {
    const recording = readRecording(name);
    it(`answers what was recorded: ${name}`, async (test) => {
      const server = await standIn(recording);
      test.after(() => server.close());
      for (const { at, ask: exchanges, meanwhile, revoke } of recording.steps) {
        writeUntil(server, recording, at);
        const asked = server.requests.length;
        const answers = exchanges.map((exchange) => ask(server, exchange));
        if (meanwhile !== undefined || revoke !== undefined)
          await until(() => server.requests.length === asked + exchanges.length, { what: 'the requests' });
        writeUntil(server, recording, meanwhile ?? 0);
        server.tokens.delete(revoke ?? '');
        assert.deepEqual(
          await Promise.all(answers),
          exchanges.map(({ body, ...one }) => ({ ...one, body: unordered(body) })),
        );
      }
    });

    for (const [i, stream] of recording.streams.entries())
      it(`streams what was recorded: ${name} ${i + 1}, ${stream.request}`, async (test) => {
        const server = await standIn(recording);
        test.after(() => server.close());
        writeUntil(server, recording, stream.at);
        const { text } = openStream(server, stream);
        await until(() => text().includes('\r\n\r\n'), { what: 'a head' });
        writeUntil(server, recording, stream.until);
        const lines = () => (text().split('\r\n\r\n')[1] ?? '').split('\n').filter((line) => line !== '');
        const length = stream.lines
          .map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
          .join('').length;
        await until(() => lines().join('').length >= length, { what: `${length} characters of lines` });
        // What would follow follows at once.
        await fetch(`${server.url}/v1/status/leader?stale`);
        const [head = ''] = text().split('\r\n\r\n');
        assert.deepEqual(
          head.split('\r\n').filter((line) => !/^(date|keep-alive|connection: keep-alive)/i.test(line)),
          stream.head,
        );
        assert.deepEqual(
          lines().map((line) => (line.startsWith('{') ? JSON.parse(line) : line)),
          stream.lines,
        );
      });
  }
});

/** A connection on which events were asked for, and what has come on it. */
function openStream({ url }: NomadServer, { request, sent = {} }: RecordedStream): { socket: Socket; text(): string } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('utf8');
  });
  const headers = Object.entries({ Host: 'nomad', ...sent }).map(([name, value]) => `${name}: ${value}`);
  socket.write([`${request} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
  return { socket, text: () => text };
}
