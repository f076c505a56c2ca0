import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { controlPlaneOf } from '../test/support/control-plane.ts';
import { fakeClock } from '../test/support/fake-clock.ts';
import { GatewayNames } from './gateway-names.ts';
import { silent } from './lib/log.ts';
import { meshKey } from './mesh/tables.ts';

it('gateways by name are where DNS says, as long as they are stated, and stay there while it says nothing', async () => {
  const plane = controlPlaneOf('');
  const { graph, mesh } = plane;
  const clock = fakeClock();
  const warnings: string[] = [];
  let answer: readonly string[] | undefined = ['2.2.2.2', '1.1.1.1'];
  const names = new GatewayNames({
    graph,
    mesh,
    clock,
    log: { ...silent, warn: (_, { resource } = {}) => warnings.push(String(resource)) },
    resolve: (name) => (answer === undefined ? Promise.reject(new Error(`no ${name}`)) : Promise.resolve(answer)),
    changed: () => plane.commit(),
  });
  const gateways = graph.watch(mesh.networks, meshKey, () => {});
  const seen: string[] = [];
  const look = async (ms: number) => {
    clock.advance(ms);
    await setImmediate();
    seen.push((gateways.value?.gateways ?? []).map(({ address, port }) => `${address}:${port}`).join(' '));
  };
  const state = (...all: readonly string[]) => {
    plane.setMeshNetworks({ networks: { far: { gateways: all.map((address) => ({ address, port: 443 })) } } });
    plane.commit();
  };
  state('gw.example.com', '3.3.3.3');
  await look(0);
  answer = ['4.4.4.4'];
  await look(30_000);
  answer = undefined;
  await look(30_000);
  await look(30_000);
  state('3.3.3.3');
  await look(30_000);
  names.close();
  gateways.close();
  plane.close();
  assert.deepEqual(seen, [
    '1.1.1.1:443 2.2.2.2:443 3.3.3.3:443',
    '3.3.3.3:443 4.4.4.4:443',
    '3.3.3.3:443 4.4.4.4:443',
    '3.3.3.3:443 4.4.4.4:443',
    '3.3.3.3:443',
  ]);
  assert.deepEqual([warnings, clock.pending], [['gw.example.com'], 0]);
});
