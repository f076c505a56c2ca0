import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { answered, reviewText } from '../../test/support/admission.ts';
import { silent } from '../lib/log.ts';
import { JudgeThread, type JudgeThreadOptions } from './thread.ts';

const rule = (matches: readonly string[]) =>
  reviewText(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews], http: [{match: [${matches}], route: [{destination: {host: a}}]}]}
`);
const small = Buffer.from(rule(['{uri: {prefix: /a}}']));
/** Few letters, and two seconds to find that RE2 takes all of these. */
const costly = Buffer.from(
  rule(Array.from({ length: 100 }, (_, i) => `{uri: {regex: '(?:a${i}bcdefgh){1000}(?:xyz){1000}(?:.${i}){1000}'}}`)),
);
const noEnd = new AbortController().signal;

function threadOf(test: TestContext, options: Partial<JudgeThreadOptions> = {}): JudgeThread {
  const thread = new JudgeThread({ meshConfig: { namespace: 'istio-system', name: 'istio' }, log: silent, ...options });
  test.after(() => thread.close());
  return thread;
}

async function told(thread: JudgeThread, body: Uint8Array, signal = noEnd): Promise<unknown> {
  const found = await thread.judge(body, signal);
  return 'reason' in found ? found.reason : answered(found.body);
}

const allowed = { uid: 'u1', allowed: true };
const refused = (bound: string) => ({
  uid: 'u1',
  allowed: false,
  message: `VirtualService shop/reviews: expected an object that can be checked within ${bound}, found one that cannot [FW0013]\nwhat to do: docs/errors/FW0013.md`,
});

describe('reviews in a thread', () => {
  it('are judged in the order in which they come', async (test) => {
    const thread = threadOf(test);
    const order: number[] = [];
    await Promise.all([3, 1, 2].map((i) => thread.judge(small, noEnd).then(() => order.push(i))));
    assert.deepEqual(order, [3, 1, 2]);
  });

  it('are refused when they take too long, and the next one is judged', async (test) => {
    const thread = threadOf(test, { budgetMs: 500 });
    assert.deepEqual(await Promise.all([told(thread, small), told(thread, costly), told(thread, small)]), [
      allowed,
      refused('0.5 s'),
      allowed,
    ]);
  });

  it('are refused when they take too much memory, and the next one is judged', async (test) => {
    const thread = threadOf(test, { heapMb: 48 });
    const bomb = Buffer.from(
      rule(['{uri: {prefix: /a}}']).replace('"hosts"', `"x":[${'{},'.repeat(900_000)}{}],"hosts"`),
    );
    assert.deepEqual(
      [await told(thread, bomb), await told(thread, small)],
      ['not read within the memory there is for it', allowed],
    );
  });

  it('leave time for everything else', async (test) => {
    const thread = threadOf(test);
    await told(thread, small);
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await told(thread, costly);
    clearInterval(timer);
    assert.ok(turns > 5, `${turns} turns`);
  });

  it('are forgotten when nobody waits for them any more', async (test) => {
    const thread = threadOf(test);
    const left = new AbortController();
    const first = told(thread, costly);
    const second = told(thread, costly, left.signal);
    left.abort();
    assert.equal(await second, 'nobody waits for the answer any more');
    assert.notEqual(await first, undefined);
  });

  it('do not pile up', async (test) => {
    const thread = threadOf(test);
    const all = await Promise.all(Array.from({ length: 70 }, () => told(thread, small)));
    const turnedAway = all.filter((one) => one === '64 reviews are waiting already');
    assert.deepEqual([turnedAway.length, all.filter((one) => typeof one === 'object').length], [6, 64]);
  });

  it('end with the thread', async (test) => {
    const thread = threadOf(test);
    const waiting = told(thread, small);
    await thread.close();
    assert.deepEqual([await waiting, await told(thread, small)], Array(2).fill('the server is stopping'));
  });
});
