import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isKubernetes } from './cluster.ts';
import { isCatalog, isStated } from './registry-kind.ts';

describe('the kind of a registry', () => {
  function check(name: string, kind: 'cluster' | 'stated' | 'catalog', ...registries: readonly string[]): void {
    it(name, () => {
      const kinds = { cluster: isKubernetes, stated: isStated, catalog: isCatalog };
      for (const registry of registries)
        assert.deepEqual(
          Object.entries(kinds).flatMap(([found, is]) => (is(registry) ? [found] : [])),
          [kind],
          registry,
        );
    });
  }
  check('is a cluster', 'cluster', 'kubernetes/home', 'kubernetes/home/shop/a/a.shop.svc.cluster.local');
  check('is what users state', 'stated', 'service-entry', 'service-entry/shop/a/a.example.com');
  check(
    'is a catalog, by whatever name',
    'catalog',
    'consul/dc1',
    'consul/dc1/shop/web/web.service.consul',
    'kubernetes',
    'service-entry-of-mine',
  );
});
