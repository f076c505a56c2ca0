/** What clients may try with the webhook: none of it keeps the next one from an answer. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { answered, reviewText } from '../support/admission.ts';
import { until } from '../support/until.ts';
import { certificateOf, type RunningWebhook, runWebhook } from './support/webhook.ts';

const pair = certificateOf('webhook');
const rule = (regex: string) =>
  reviewText(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews], http: [{match: [{uri: {regex: "${regex}"}}], route: [{destination: {host: reviews}}]}]}
`);
const good = rule('a');
const limit = 3 * 1024 * 1024;
const head = (length: number | string) =>
  `POST /validate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${typeof length === 'number' ? `content-length: ${length}` : length}\r\n\r\n`;

async function goesOn(webhook: RunningWebhook): Promise<void> {
  const { status, body } = await webhook.ask(good);
  assert.deepEqual({ status, ...answered(body) }, { status: 200, uid: 'u1', allowed: true });
}

/** What a client hears until its connection ends, in whatever way. */
async function lastWords(socket: Socket): Promise<string> {
  let heard = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    heard += part;
  });
  await new Promise<void>((resolve) => {
    socket.on('error', () => {}).on('close', () => resolve());
  });
  return heard;
}

describe('a body', () => {
  const running = runWebhook({ after }, { pair });

  function check(name: string, body: string, expected: { readonly status: number; readonly message: RegExp }): void {
    it(name, async () => {
      const webhook = await running;
      const reply = await webhook.ask(body);
      assert.equal(reply.status, expected.status);
      assert.match(reply.status === 200 ? (answered(reply.body).message ?? '') : reply.body, expected.message);
      await goesOn(webhook);
    });
  }

  check('of ten thousand levels', good.replace('"http"', `"x":${'['.repeat(10_000)}${']'.repeat(10_000)},"http"`), {
    status: 200,
    message: /^VirtualService shop\/reviews: expected an object of at most 64 levels, found a deeper one \[FW0013\]\n/,
  });
  check('of three million levels', '['.repeat(limit), { status: 400, message: /^expected an AdmissionReview in JSON/ });
  check('with a pattern of three MiB', rule('(a+)+'.repeat((limit - 1000) / 5)), {
    status: 200,
    message: /regex: expected at most 1024 characters, found 314\d+ \[FW0108\]\n/,
  });
  check('with a pattern that multiplies', rule('((a{100}){100}){100}'), {
    status: 200,
    message: /regex: expected .* \[FW0108\]\n/,
  });
  check(
    'with a field whose name has three million letters',
    good.replace('"http"', `"${'x'.repeat(limit - 1000)}":1,"http"`),
    {
      status: 200,
      message: /^$/,
    },
  );
  check(
    'with many unknown fields',
    good.replace('"http"', `${Array.from({ length: 20_000 }, (_, i) => `"f${i}":1`)},"http"`),
    {
      status: 200,
      message: /^$/,
    },
  );
  check('that is too large', ' '.repeat(limit + 1), { status: 413, message: /^expected a body of at most 3 MiB\n$/ });
});

it('a body that does not say how large it is may not be too large either', async (test) => {
  const webhook = await runWebhook(test, { pair });
  const socket = await webhook.connect();
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  socket.write(head('transfer-encoding: chunked'));
  for (let i = 0; i < limit / 0x10000 + 1; i++) socket.write(chunk);
  assert.match(await lastWords(socket), /^HTTP\/1\.1 413 /);
  await goesOn(webhook);
});

it('questions may come before the answer to the one before', async (test) => {
  const webhook = await runWebhook(test, { pair });
  const socket = await webhook.connect();
  const questions = ['u1', 'u2', 'u3'].map((uid) => good.replace('"u1"', `"${uid}"`));
  socket.write(questions.map((body) => `${head(Buffer.byteLength(body))}${body}`).join(''));
  let heard = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    heard += part;
  });
  const uids = () => [...heard.matchAll(/"uid":"(u\d)"/g)].map(([, uid]) => uid);
  await until(() => uids().length === 3, { what: 'three answers' });
  assert.deepEqual(uids(), ['u1', 'u2', 'u3']);
});

describe('a slow client is cut off', () => {
  const running = runWebhook({ after }, { pair, patienceMs: 400 });

  function check(name: string, says: string, hears: RegExp): void {
    it(name, async (test) => {
      const webhook = await running;
      const socket = await webhook.connect();
      socket.write(says);
      const drip = setInterval(() => socket.write(' '), 50);
      test.after(() => clearInterval(drip));
      assert.match(await lastWords(socket), hears);
      clearInterval(drip);
      await goesOn(webhook);
    });
  }
  check('within its head', 'POST /validate HTTP/1.1\r\nhost: ', /^HTTP\/1\.1 408 /);
  check('within its body', head(1000), /^HTTP\/1\.1 408 /);

  it('before its head', async () => {
    const webhook = await running;
    const socket = await webhook.connect();
    assert.match(await lastWords(socket), /^(HTTP\/1\.1 408 |$)/);
    await goesOn(webhook);
  });

  it('before TLS', async () => {
    const webhook = await running;
    const socket = connect(webhook.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'close');
    await goesOn(webhook);
  });
});

describe('a client that leaves', () => {
  it('within its body', async (test) => {
    const webhook = await runWebhook(test, { pair });
    const socket = await webhook.connect();
    socket.write(`${head(1000)}{`);
    socket.destroy();
    await until(() => webhook.counted.some((one) => 'status' in one && one.status === 400), { what: 'the end of it' });
    await goesOn(webhook);
  });

  it('before its answer', async (test) => {
    const webhook = await runWebhook(test, { pair });
    const socket = await webhook.connect();
    socket.write(`${head(Buffer.byteLength(good))}${good}`, () => socket.destroy());
    await goesOn(webhook);
  });
});

/** Waits until a good review is answered again. */
function untilAnswers(webhook: RunningWebhook): Promise<void> {
  const isAnswered = () =>
    webhook.ask(good).then(
      ({ status }) => status === 200,
      () => false,
    );
  return until(isAnswered, { what: 'an answer' });
}

it('more than 128 connections are turned away', async (test) => {
  const webhook = await runWebhook(test, { pair });
  const sockets = Array.from({ length: 128 }, () => connect(webhook.port, '127.0.0.1'));
  test.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const one = connect(webhook.port, '127.0.0.1').on('error', () => {});
  await once(one, 'close');
  for (const socket of sockets) socket.destroy();
  await untilAnswers(webhook);
});

it('bodies may not fill the memory together', async (test) => {
  const webhook = await runWebhook(test, { pair });
  const part = Buffer.alloc(limit - 1, ' ');
  const sockets = await Promise.all(Array.from({ length: 17 }, () => webhook.connect()));
  const heard = Promise.race(
    sockets.map(async (socket) => {
      const [answer] = (await once(socket.setEncoding('utf8'), 'data')) as [string];
      return answer;
    }),
  );
  for (const socket of sockets) {
    socket.write(head(limit));
    socket.write(part);
  }
  assert.match(await heard, /^HTTP\/1\.1 503 /);
  for (const socket of sockets) socket.destroy();
  await untilAnswers(webhook);
});
