import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { object, service } from '../../test/support/mesh.ts';
import { changesIn } from '../../test/support/objects.ts';
import { createAnalyses } from '../analysis/analysis.ts';
import { ControlPlane, type ControlPlaneOptions } from '../control-plane.ts';
import { silent } from '../lib/log.ts';
import { declareEffects } from './effect.ts';

/** A control plane with the effects of its objects, as objects of a cluster. */
function meshOf(objects: readonly string[], options: Partial<ControlPlaneOptions> = {}) {
  const plane = new ControlPlane({ log: silent, cluster: 'Kubernetes', domainSuffix: 'cluster.local', ...options });
  const effects = declareEffects(plane.graph, plane.configTables(), createAnalyses(plane.graph, plane.mesh));
  const apply = (...texts: readonly string[]) => {
    plane.apply(
      changesIn(texts.join('---\n')).map((change) => {
        if (change.object === undefined) return change;
        const { kind, namespace, name } = change;
        return { ...change, object: { ...change.object, origin: { kind, namespace, name, uid: 'u', generation: 1 } } };
      }),
    );
    plane.commit();
  };
  apply(...objects);
  return { plane, effects, apply };
}

const route = 'http: [{route: [{destination: {host: a}}]}]';
const virtualService = (id: string, hosts: string, rest = '') =>
  object('VirtualService', id, `{hosts: [${hosts}], ${rest} ${route}}`);
const shop = service('shop/a', 'http: 80');

describe('the effect of an object', () => {
  function check(name: string, key: string, objects: readonly string[], expected: readonly string[]): void {
    it(name, () => {
      const { plane, effects } = meshOf([shop, ...objects]);
      const effect = plane.graph.read(effects, key);
      assert.deepEqual([effect?.extent, ...(effect?.lines ?? [])], expected);
    });
  }
  const host = (i: number, name: string) =>
    `spec.hosts[${i}]: expected to route ${name}, found that another VirtualService does so for workloads of namespace shop [FW1001]`;
  const older = 'VirtualService shop/old has the host since 2026-01-01T00:00:00.000Z: it is older';

  check(
    'is all of it where nothing stands against it',
    'VirtualService/shop/one',
    [virtualService('shop/one', 'a')],
    ['all'],
  );
  check(
    'is nothing where an older one has its host',
    'VirtualService/shop/new',
    [virtualService('shop/old@1', 'a'), virtualService('shop/new@2', 'a')],
    ['shadowed', `${older}; ${host(0, 'a.shop.svc.cluster.local')}`],
  );
  check(
    'is a part where an older one has one of its hosts',
    'VirtualService/shop/new',
    [virtualService('shop/old@1', 'a'), virtualService('shop/new@2', 'b.example, a')],
    ['part', `${older}; ${host(1, 'a.shop.svc.cluster.local')}`],
  );
  check(
    'is a part where gateways take it all the same',
    'VirtualService/shop/new',
    [virtualService('shop/old@1', 'a'), virtualService('shop/new@2', 'a', 'gateways: [mesh, shop/edge],')],
    [
      'part',
      `${older}; ${host(0, 'a.shop.svc.cluster.local')}`,
      'spec.gateways[1]: expected a Gateway, found none of the name shop/edge: nothing is routed there [FW1007]',
    ],
  );
  check(
    'is nothing for a second Sidecar, since when the first is there',
    'Sidecar/shop/two',
    [
      object('Sidecar', 'shop/one@1', '{egress: [{hosts: ["./*"]}]}'),
      object('Sidecar', 'shop/two@2', '{egress: [{hosts: ["./*"]}]}'),
    ],
    [
      'shadowed',
      'Sidecar shop/one is older and counts, since 2026-01-01T00:00:00.000Z; expected one Sidecar without workloadSelector in namespace shop, found an older one: this one has no effect [FW1501]',
    ],
  );
  check(
    'is for nobody where no service is',
    'DestinationRule/shop/none',
    [object('DestinationRule', 'shop/none', '{host: none.example}')],
    ['unused', 'spec.host: expected a service, found none of the name none.example: the rule has no effect [FW1101]'],
  );
  check('is unknown of what is not there', 'VirtualService/shop/none', [], [undefined] as unknown as string[]);
});

describe('a watched effect', () => {
  it('is worked out again for what a change concerns, and for nothing else', () => {
    const computed: string[] = [];
    const onCompute = (query: string, key: string) => void (query === 'effect' && computed.push(key));
    const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
    const { plane, effects, apply } = meshOf(
      names.flatMap((name) => [service(`shop/${name}`, 'http: 80'), virtualService(`shop/${name}@2`, name)]),
      { onCompute },
    );
    const told: string[] = [];
    for (const name of names)
      plane.graph.watch(effects, `VirtualService/shop/${name}`, (effect) => told.push(`${name} ${effect?.extent}`));
    computed.length = 0;
    apply(virtualService('shop/older@1', 's7'));
    assert.deepEqual([told, computed], [['s7 shadowed'], ['VirtualService/shop/s7']]);
    apply(service('shop/unrelated', 'http: 80'));
    assert.deepEqual(computed, ['VirtualService/shop/s7']);
  });
});
