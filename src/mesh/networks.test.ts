import { describe } from 'node:test';
import { checkFunction as check } from '../../test/support/function-table.ts';
import type { MeshNetworks } from '../config/mesh-networks.ts';
import { type NetworkGateway, scaleOf } from './networks.ts';
import { statedNetwork } from './stated-network.ts';

describe('weights', () => {
  const scaleFor = (...gateways: readonly (readonly [network: string, cluster: string])[]) =>
    scaleOf(
      gateways.map(
        ([network, cluster], i): NetworkGateway => ({ network, cluster, address: `10.0.0.${i}`, port: 15443 }),
      ),
    );
  check('are multiplied so that gateways can share them', scaleFor, [
    [1],
    [['a', ''], 1],
    [['a', ''], ['a', ''], 2],
    [['a', ''], ['a', ''], ['b', ''], ['b', ''], ['b', ''], 6],
    [['a', 'c1'], ['a', 'c2'], ['a', 'c2'], 6],
    [['a', ''], ['a', ''], ['b', ''], ['b', ''], 2],
  ]);
});

describe('the network of an address', () => {
  const stated: MeshNetworks = {
    networks: {
      wide: { endpoints: [{ fromCidr: '10.0.0.0/8' }, { fromCidr: 'fd00::/16' }] },
      narrow: { endpoints: [{ fromCidr: '10.1.0.0/16' }] },
      own: { endpoints: [{ fromRegistry: 'east' }] },
    },
  };
  check(
    'is what is said of its cluster, else of the narrowest block',
    (cluster: string, address: string) => statedNetwork(stated, cluster, address),
    [
      ['west', '10.9.0.1', 'wide'],
      ['west', '10.1.0.1', 'narrow'],
      ['west', 'fd00::1', 'wide'],
      ['west', '11.0.0.1', ''],
      ['west', '', ''],
      ['east', '10.1.0.1', 'own'],
      ['east', 'name.example.com', 'own'],
    ],
  );
});
