import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controlPlaneOf } from '../../test/support/control-plane.ts';
import { object, service } from '../../test/support/mesh.ts';
import { clientIn, clientOf } from '../model/scope.ts';

const meshOf = (...objects: readonly string[]) => controlPlaneOf(objects.join('---\n'));

/** A client of namespace shop whose Sidecar is `shop/s`. */
const client = clientOf({ ...clientIn('shop'), sidecar: 'shop/s' });

describe('a delegate of another namespace', () => {
  const { graph, mesh } = meshOf(
    service('shop/a', 'http: 80'),
    service('team/a', 'http: 80'),
    service('team/b', 'http: 80'),
    object('VirtualService', 'shop/root', '{hosts: [a], http: [{delegate: {name: d, namespace: team}}]}'),
    object(
      'VirtualService',
      'team/d',
      '{http: [{match: [{gateways: [mesh, edge]}], route: [{destination: {host: a}}], mirror: {host: b}}]}',
    ),
    object('Sidecar', 'shop/s', '{egress: [{hosts: ["./*"]}]}'),
  );
  const [placed] = graph.read(mesh.placedRoutes, 'shop/root');

  it('means services and gateways of its own namespace by short names', () => {
    assert.deepEqual(placed, {
      route: {
        match: [{ gateways: ['mesh', 'team/edge'] }],
        route: [{ destination: { host: 'a.team.svc.cluster.local' } }],
        mirror: { host: 'b.team.svc.cluster.local' },
      },
      object: 'VirtualService/team/d',
      path: 'spec.http[0]',
    });
  });

  it('brings its destinations along to Sidecars that import the root', () => {
    const imported = ['a.shop', 'a.team', 'b.team'].map((name) => {
      const host = `${name}.svc.cluster.local`;
      return graph.read(mesh.imported, { client, host })?.hostname;
    });
    assert.deepEqual(imported, ['a.shop.svc.cluster.local', 'a.team.svc.cluster.local', 'b.team.svc.cluster.local']);
  });
});
