import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FoundName, type NameInfo, Names } from './names.ts';

const here = { namespace: 'shop', domainSuffix: 'cluster.local' };
const outside = (...addresses: readonly string[]): NameInfo => ({ addresses, isKubernetes: false });
const inside = (...addresses: readonly string[]): NameInfo => ({ addresses, isKubernetes: true });

/** Names of which each host is a resource of its own. */
function namesOf(hosts: Readonly<Record<string, NameInfo>>): Names {
  const names = new Names(here);
  for (const [host, info] of Object.entries(hosts)) names.set(host, new Map([[host, info]]));
  return names;
}

describe('a name stands for', () => {
  const names = namesOf({
    'reviews.shop.svc.cluster.local': inside('10.0.0.1'),
    'ratings.data.svc.cluster.local': inside('10.0.0.2'),
    'api.example.com': outside('240.0.0.1'),
    '*.example.com': outside('240.0.0.2'),
    '*.deep.example.com': outside('240.0.0.3'),
    printer: outside('240.0.0.4'),
  });
  names.set(
    'db.shop.svc.cluster.local',
    new Map([
      ['db.shop.svc.cluster.local', inside('10.0.0.5', '10.0.0.6')],
      ['db-0.db.shop.svc.cluster.local', inside('10.0.0.5')],
    ]),
  );
  const check = (name: string, asked: string, expected: FoundName | undefined) =>
    it(name, () => assert.deepEqual(names.find(asked), expected));
  const reviews = { addresses: ['10.0.0.1'] };
  const ratings = { addresses: ['10.0.0.2'] };

  check('a service by its full name', 'reviews.shop.svc.cluster.local', reviews);
  check('a service of the own namespace by its first label', 'reviews', reviews);
  check('a service by its namespace', 'ratings.data', ratings);
  check('a service by its namespace and svc', 'ratings.data.svc', ratings);
  check('no service of another namespace by its first label', 'ratings', undefined);
  check('nothing that has another domain behind it', 'reviews.shop.svc.cluster.org', undefined);
  check('nothing by a part of a label', 'views.shop.svc.cluster.local', undefined);
  check('a pod of a headless service by its full name', 'db-0.db.shop.svc.cluster.local', { addresses: ['10.0.0.5'] });
  check('a pod of a headless service of the own namespace by two labels', 'db-0.db', { addresses: ['10.0.0.5'] });
  check('a pod of a headless service by its namespace', 'db-0.db.shop', { addresses: ['10.0.0.5'] });
  check('a host outside by its full name', 'api.example.com', { addresses: ['240.0.0.1'] });
  check('a host of one label by it', 'printer', { addresses: ['240.0.0.4'] });
  check('a wildcard by what it covers', 'www.example.com', { addresses: ['240.0.0.2'] });
  check('a wildcard by what it covers several labels above', 'a.b.example.com', { addresses: ['240.0.0.2'] });
  check('the more specific of two wildcards', 'a.deep.example.com', { addresses: ['240.0.0.3'] });
  check('no wildcard by what stands behind its star', 'example.com', undefined);
  check('nobody, where nobody has told of it', 'www.example.org', undefined);

  const own = 'shop.svc.cluster.local';
  check('a host with the first search domain behind it, as an alias of it', `api.example.com.${own}`, {
    canonical: 'api.example.com',
    addresses: ['240.0.0.1'],
  });
  check('a wildcard with that behind it', `www.example.com.${own}`, {
    canonical: 'www.example.com',
    addresses: ['240.0.0.2'],
  });
  check('a service by its namespace with that behind it', `ratings.data.${own}`, {
    canonical: 'ratings.data.svc.cluster.local',
    addresses: ['10.0.0.2'],
  });
  check('a service by its full name with that behind it', `ratings.data.svc.cluster.local.${own}`, {
    canonical: 'ratings.data.svc.cluster.local',
    addresses: ['10.0.0.2'],
  });
  check('no host of one label with that behind it: it is the name of a service', `printer.${own}`, undefined);
  check('no host outside with a domain behind it that resolvers try later', 'api.example.com.cluster.local', undefined);
});

describe('names', () => {
  const host = 'db.shop.svc.cluster.local';
  const pod = `db-0.${host}`;

  it('of a resource take the place of those that it stated before', () => {
    const names = new Names(here);
    names.set(host, new Map([...[host, pod].map((one) => [one, inside('10.0.0.1')] as const)]));
    names.set(host, new Map([[host, inside('10.0.0.2')]]));
    assert.deepEqual(
      [names.find('db'), names.find('db-0.db'), names.size],
      [{ addresses: ['10.0.0.2'] }, undefined, 1],
    );
  });

  it('go with their resource', () => {
    const names = namesOf({ [host]: inside('10.0.0.1'), 'api.example.com': outside('240.0.0.1') });
    names.remove(host);
    names.remove('never.seen');
    assert.deepEqual([names.find('db'), names.size], [undefined, 1]);
  });

  it('of Kubernetes count before what users state, whoever comes first', () => {
    const service = new Map([...[host, pod].map((one) => [one, inside('10.0.0.1')] as const)]);
    const entry = new Map([[pod, outside('240.0.0.1')]]);
    for (const order of [
      [host, pod],
      [pod, host],
    ]) {
      const names = new Names(here);
      for (const resource of order) names.set(resource, resource === host ? service : entry);
      assert.deepEqual(names.find(pod), { addresses: ['10.0.0.1'] });
      names.remove(host);
      assert.deepEqual(names.find(pod), { addresses: ['240.0.0.1'] });
    }
  });
});
