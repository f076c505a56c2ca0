import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NameIr } from '../ir/name.ts';
import { type Json, resourceJson } from './json.ts';
import { nameResource, nameTable } from './name-table.ts';

const reviews: NameIr = {
  host: 'reviews.shop.svc.cluster.local',
  addresses: ['10.1.0.1', 'fd01::1'],
  shortName: 'reviews',
  namespace: 'shop',
  registry: 'Kubernetes',
  pods: [],
  origins: ['Service/shop/reviews'],
};

const outside: NameIr = {
  host: '*.example.com',
  addresses: ['240.240.0.1'],
  shortName: '',
  namespace: 'shop',
  registry: 'External',
  pods: [],
  origins: ['ServiceEntry/shop/example'],
};

const info: { readonly [host: string]: Json } = {
  'reviews.shop.svc.cluster.local': {
    ips: ['10.1.0.1', 'fd01::1'],
    registry: 'Kubernetes',
    shortname: 'reviews',
    namespace: 'shop',
  },
  '*.example.com': { ips: ['240.240.0.1'], registry: 'External', namespace: 'shop' },
};

/** Read by another implementation of protobuf than the one that wrote them. */
describe('names', () => {
  it('are resources of a host each', () => {
    const { name, version, size, chunks, origins } = nameResource(reviews);
    assert.deepEqual([name, size, origins], [reviews.host, Buffer.concat(chunks).length, reviews.origins]);
    assert.notEqual(version, nameResource({ ...reviews, addresses: ['10.1.0.2'] }).version);
    assert.deepEqual(resourceJson(nameResource(reviews)), {
      '@type': 'type.googleapis.com/fairway.dns.v1.Name',
      table: { [reviews.host]: info[reviews.host] },
    });
  });

  it('of pods are beside that of their service', () => {
    const pods = [
      { hostname: 'db-0', addresses: ['10.1.0.1'] },
      { hostname: 'db-1', addresses: ['10.1.0.2', 'fd01::2'] },
    ];
    const { table } = resourceJson(nameResource({ ...reviews, pods })) as { readonly table: typeof info };
    const common = { registry: 'Kubernetes', namespace: 'shop' };
    assert.deepEqual(table, {
      [reviews.host]: info[reviews.host],
      [`db-0.${reviews.host}`]: { ...common, ips: ['10.1.0.1'], shortname: 'db-0.reviews' },
      [`db-1.${reviews.host}`]: { ...common, ips: ['10.1.0.2', 'fd01::2'], shortname: 'db-1.reviews' },
    });
  });

  it('are one table without a name for Istio', () => {
    const names = [outside, reviews].map(nameResource);
    const table = nameTable(names);
    assert.deepEqual([table.name, table.size], ['', Buffer.concat(table.chunks).length]);
    assert.deepEqual(resourceJson(table), {
      '@type': 'type.googleapis.com/istio.networking.nds.v1.NameTable',
      table: info,
    });
    assert.deepEqual(
      table.parts?.map(({ name, origins }) => [name, origins]),
      [outside, reviews].map(({ host, origins }) => [host, origins]),
    );
  });

  it('make another table when one of them changes or goes', () => {
    const versions = [[outside, reviews], [outside], [outside, { ...reviews, addresses: ['10.1.0.2'] }], []].map(
      (names) => nameTable(names.map(nameResource)).version,
    );
    assert.equal(new Set(versions).size, versions.length);
  });

  it('share their bytes with the table', () => {
    const name = nameResource(reviews);
    assert.equal(nameTable([name]).chunks[1]?.buffer, name.chunks[0]?.buffer);
  });

  it('are an empty table where there are none', () => {
    assert.deepEqual(resourceJson(nameTable([])), {
      '@type': 'type.googleapis.com/istio.networking.nds.v1.NameTable',
    });
  });
});
