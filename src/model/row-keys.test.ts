import assert from 'node:assert/strict';
import { it } from 'node:test';
import { shardKey } from './endpoint.ts';
import { objectKey } from './kubernetes-object.ts';
import { serviceKey } from './service.ts';
import { workloadKey } from './workload.ts';

it('rows of different registries, namespaces, names and hosts never share a key', () => {
  const row = {
    registry: 'kubernetes',
    namespace: 'shop',
    name: 'reviews',
    hostname: 'reviews.shop.svc.cluster.local',
  };
  assert.deepEqual(
    [serviceKey(row), shardKey({ ...row, name: 'reviews-x7k2p' }), workloadKey({ ...row, kind: 'pod' })],
    [
      'kubernetes/shop/reviews/reviews.shop.svc.cluster.local',
      'kubernetes/shop/reviews-x7k2p/reviews.shop.svc.cluster.local',
      'kubernetes/pod/shop/reviews',
    ],
  );
});

it('objects of one kind in different groups never share a key', () => {
  const gateway = { kind: 'Gateway', namespace: 'shop', name: 'g' };
  assert.deepEqual(
    [
      objectKey({ ...gateway, group: 'networking.istio.io' }),
      objectKey({ ...gateway, group: 'gateway.networking.k8s.io' }),
      objectKey({ group: '', kind: 'Node', namespace: '', name: 'n1' }),
    ],
    ['networking.istio.io/Gateway/shop/g', 'gateway.networking.k8s.io/Gateway/shop/g', '/Node//n1'],
  );
});
