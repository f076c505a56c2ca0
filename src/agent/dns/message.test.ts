/** What is written is read by another implementation than the one that wrote it, and the other way round. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode, encode, type Packet, RECURSION_DESIRED, type Answer as Record } from 'dns-packet';
import { type Answer, isQuery, type Query, readQuery, writeAnswer, writeFailure } from './message.ts';

const ask = (more: Packet = {}): Buffer =>
  encode({
    type: 'query',
    id: 7,
    flags: RECURSION_DESIRED,
    questions: [{ type: 'A', name: 'Api.Example.com' }],
    ...more,
  });
const opt = (udpPayloadSize: number): Record => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
});
const read = (message: Buffer): Query => {
  const query = readQuery(message);
  assert.ok(query !== undefined);
  return query;
};

describe('a question', () => {
  it('is read with its name in lower case', () => {
    const { question, ...query } = read(ask());
    assert.deepEqual(query, { id: 7, recursionDesired: true, name: 'api.example.com', type: 1, class: 1 });
    assert.equal(question.length, 17 + 4);
  });

  it('tells how large an answer may be', () => assert.equal(read(ask({ additionals: [opt(1232)] })).udpBytes, 1232));

  const check = (name: string, message: Buffer, isAsking: boolean) =>
    it(name, () => assert.deepEqual([readQuery(message), isQuery(message)], [undefined, isAsking]));
  const patched = (at: number, ...bytes: readonly number[]) => {
    const message = ask();
    message.set(bytes, at);
    return message;
  };

  check('is none when it answers', encode({ type: 'response', id: 7 }), false);
  check('is none when it is shorter than a head', ask().subarray(0, 11), false);
  check('is none that is known when it is of another operation', patched(2, 0x20), true);
  check('is none that is known when there are two', patched(4, 0, 2), true);
  check('is none that is known when there is none', patched(4, 0, 0), true);
  check('is none that is known when answers come with it', patched(6, 0, 1), true);
  check('is none that is known when its name is a pointer to itself', patched(12, 0xc0, 12), true);
  check('is none that is known when a dot stands in a label', patched(13, 0x2e), true);
  check('is none that is known when its name leads out of it', ask().subarray(0, 20), true);
  check('is none that is known when it ends before its class', ask().subarray(0, -1), true);

  const named = (...labels: readonly string[]) => ask({ questions: [{ type: 'A', name: labels.join('.') }] });
  const label = 'a'.repeat(63);
  it('may have a name of 255 bytes', () =>
    assert.equal(read(named(label, label, label, label.slice(2))).question.length, 255 + 4));
  // The other implementation writes no such thing.
  const tooLong = Buffer.concat([
    named(label, label, label, label.slice(3)).subarray(0, -5),
    Buffer.from('\x01a\0\0\x01\0\x01'),
  ]);
  check('is none that is known when its name has 256 bytes', tooLong, true);
});

describe('an answer', () => {
  const addressOf = (i: number) => `10.0.${i >> 8}.${i & 255}`;
  const addresses = (count: number) => Array.from({ length: count }, (_, i) => addressOf(i));
  const write = (query: Buffer, answer: Partial<Answer>, isUdp = true) =>
    writeAnswer(read(query), { addresses: [], ttl: 30, ...answer }, { isUdp });
  const records = (message: Buffer) =>
    (decode(message).answers ?? []).map((one) =>
      'data' in one && 'ttl' in one ? `${one.name} ${one.ttl} ${one.type} ${one.data}` : one.type,
    );

  it('repeats the question as it was written', () => {
    const { id, questions, flag_qr, flag_aa, flag_rd, flag_ra, flag_tc, ...others } = decode(write(ask(), {}));
    assert.deepEqual([id, questions], [7, [{ type: 'A', class: 'IN', name: 'Api.Example.com' }]]);
    assert.deepEqual([flag_qr, flag_aa, flag_rd, flag_ra, flag_tc], [true, true, true, true, false]);
    assert.deepEqual([others.answers, others.additionals], [[], []]);
  });

  it('has the addresses in their order', () =>
    assert.deepEqual(records(write(ask(), { addresses: ['10.0.0.2', '10.0.0.1'] })), [
      'Api.Example.com 30 A 10.0.0.2',
      'Api.Example.com 30 A 10.0.0.1',
    ]));

  it('has addresses of IPv6', () => {
    const query = ask({ questions: [{ type: 'AAAA', name: 'a.test' }] });
    assert.deepEqual(records(write(query, { addresses: ['2001:2::1', '::ffff:10.0.0.1', '::'] })), [
      'a.test 30 AAAA 2001:2::1',
      'a.test 30 AAAA ::ffff:a00:1',
      'a.test 30 AAAA ::',
    ]);
  });

  it('has them behind another name', () => {
    const query = ask({ questions: [{ type: 'A', name: 'a.test.shop.svc.cluster.local' }] });
    assert.deepEqual(records(write(query, { alias: 'a.test', addresses: ['10.0.0.1'] })), [
      'a.test.shop.svc.cluster.local 30 CNAME a.test',
      'a.test 30 A 10.0.0.1',
    ]);
  });

  /** How many records come, whether they are all, and how large the message is. */
  const size = (message: Buffer) => [records(message).length, decode(message).flag_tc, message.length];

  it('is cut short over UDP where its client says nothing of sizes', () => {
    assert.deepEqual(size(write(ask(), { addresses: addresses(29) })), [29, false, 497]);
    assert.deepEqual(size(write(ask(), { addresses: addresses(31) })), [29, true, 497]);
  });

  it('is as large over UDP as its client takes, and says what we take', () => {
    const message = write(ask({ additionals: [opt(1232)] }), { addresses: addresses(100) });
    assert.deepEqual(size(message), [74, true, 1228]);
    const [extension] = decode(message).additionals ?? [];
    assert.ok(extension?.type === 'OPT');
    assert.equal(extension.udpPayloadSize, 4096);
  });

  it('is never smaller than every client takes, nor larger over UDP than networks do', () => {
    assert.deepEqual(size(write(ask({ additionals: [opt(1)] }), { addresses: addresses(20) })).slice(0, 2), [
      20,
      false,
    ]);
    assert.ok(write(ask({ additionals: [opt(65535)] }), { addresses: addresses(1000) }).length <= 4096);
  });

  it('is whole over TCP', () =>
    assert.deepEqual(size(write(ask(), { addresses: addresses(1000) }, false)).slice(0, 2), [1000, false]));
});

describe('a failure', () => {
  it('repeats the question', () => {
    const { id, rcode, questions } = decode(writeFailure(ask())) as unknown as Packet & { readonly rcode: string };
    assert.deepEqual([id, rcode, questions?.length], [7, 'SERVFAIL', 1]);
  });

  it('repeats nothing of what cannot be read', () => {
    const { id, rcode, questions } = decode(writeFailure(ask().subarray(0, 20))) as unknown as Packet & {
      readonly rcode: string;
    };
    assert.deepEqual([id, rcode, questions], [7, 'SERVFAIL', []]);
  });
});
