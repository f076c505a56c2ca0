import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerTo } from './answer.ts';
import { recordType } from './message.ts';
import { Names } from './names.ts';

const host = 'reviews.shop.svc.cluster.local';
const names = new Names({ namespace: 'shop', domainSuffix: 'cluster.local' });
const addresses = ['10.0.0.1', '2001:2::1', '10.0.0.2', '10.0.0.3'];
names.set(host, new Map([[host, { addresses, isKubernetes: true }]]));
names.set('api.test', new Map([['api.test', { addresses: ['240.0.0.1'], isKubernetes: false }]]));

const query = {
  id: 1,
  recursionDesired: true,
  name: 'reviews',
  type: recordType.a as number,
  class: 1,
  question: Buffer.of(),
};
/** Keeps the order. */
const first = () => 0;

describe('a question for', () => {
  const check = (name: string, more: Partial<typeof query>, expected: ReturnType<typeof answerTo>) =>
    it(name, () => assert.deepEqual(answerTo({ ...query, ...more }, names, first), expected));
  const answer = (...all: readonly string[]) => ({ addresses: all, ttl: 30 });

  check('addresses of IPv4 gets these', {}, answer('10.0.0.1', '10.0.0.2', '10.0.0.3'));
  check('addresses of IPv6 gets these', { type: recordType.aaaa }, answer('2001:2::1'));
  check(
    'a family that the host has no address of gets none: it exists',
    { name: 'api.test', type: recordType.aaaa },
    answer(),
  );
  check('HTTPS records gets none, which would lead past the proxy', { type: recordType.https }, answer());
  check('SVCB records gets none', { type: recordType.svcb }, answer());
  check('other records is for somebody else', { type: 15 }, undefined);
  check('another class is for somebody else', { class: 3 }, undefined);
  check('a name that nobody has told of is for somebody else', { name: 'other.test' }, undefined);
  check(
    'a host with a search domain behind it gets its real name',
    { name: 'api.test.shop.svc.cluster.local' },
    {
      ...answer('240.0.0.1'),
      alias: 'api.test',
    },
  );
  check(
    'that in a family without an address gets its real name alone',
    { name: 'api.test.shop.svc.cluster.local', type: recordType.aaaa },
    { ...answer(), alias: 'api.test' },
  );
});

describe('the order of addresses', () => {
  it('is another one each time, and each may be the first', () => {
    const orders = [0, 1, 2].map((i) => answerTo(query, names, () => (i + 0.5) / 3)?.addresses);
    assert.deepEqual(orders, [
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
      ['10.0.0.2', '10.0.0.3', '10.0.0.1'],
      ['10.0.0.3', '10.0.0.2', '10.0.0.1'],
    ]);
  });

  it('loses none', () => {
    const found = answerTo(query, names, Math.random)?.addresses ?? [];
    assert.deepEqual([...found].sort(), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  });
});
