/** What clients of the API may try: none of it keeps the next one from an answer. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type RunningApi, rule, rules, runApi, token } from './support/api.ts';

const path = `${rules}/reviews`;
const head = (rest: string) =>
  `PUT ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/yaml\r\n${rest}\r\n\r\n`;

async function goesOn({ put }: RunningApi): Promise<void> {
  assert.equal((await put(path, rule('reviews'))).status, 201);
}

/** What a client hears that says this and then nothing. */
async function heard({ port }: RunningApi, said: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(said);
  return text(socket);
}

describe('a client', () => {
  it('that sends too much is told, and cut off', async (test) => {
    const api = await runApi(test);
    assert.match(await heard(api, head('content-length: 4000000')), /^HTTP\/1\.1 413 /);
    await goesOn(api);
  });

  it('that sends too much without a token is not listened to', async (test) => {
    const api = await runApi(test);
    const said = head('content-length: 4000000').replace(token, 'x');
    assert.match(await heard(api, said), /^HTTP\/1\.1 401 [\s\S]*connection: close/i);
    await goesOn(api);
  });

  it('that never ends its head or its body is cut off', async (test) => {
    const api = await runApi(test, { patienceMs: 200 });
    const slow = await Promise.all([heard(api, 'PUT / HTTP/1.1\r\n'), heard(api, head('content-length: 10'))]);
    for (const one of slow) assert.match(one, /^HTTP\/1\.1 408 /);
    await goesOn(api);
  });

  it('whose object takes too long to check is refused, and the next one is judged', async (test) => {
    const api = await runApi(test, { budgetMs: 500 });
    const matches = Array.from(
      { length: 100 },
      (_, i) => `{uri: {regex: '(?:a${i}bcdefgh){1000}(?:xyz){1000}(?:.${i}){1000}'}}`,
    );
    const costly = rule('reviews').replace('- direct', `- match: [${matches}]\n    direct`);
    const refused = await api.put(path, costly, { accept: 'text/plain' });
    assert.deepEqual(
      [refused.status, refused.body.split('\n')[1]],
      [
        422,
        'VirtualService shop/reviews: expected an object that can be checked within 0.5 s, found one that cannot [FW0013]',
      ],
    );
    await goesOn(api);
  });

  it('whose object is a bomb of aliases is refused', async (test) => {
    const api = await runApi(test);
    const bomb = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`).join('\n');
    const { status, body } = await api.put(path, `a0: &a0 [x]\n${bomb}`, { accept: 'text/plain' });
    assert.deepEqual([status, /\[FW0013\]/.test(body)], [422, true]);
    await goesOn(api);
  });

  it('that floods is given answers to all', async (test) => {
    const api = await runApi(test);
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => api.put(`${rules}/r${i}`, rule(`r${i}`))));
    assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([201]));
    assert.equal(api.sink.objects().length, 60);
  });
});
