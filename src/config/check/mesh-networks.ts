/** The rules for MeshNetworks beyond their schema. */
import { isIP } from 'node:net';
import { blockOf } from '../../lib/ip.ts';
import type { Path } from '../../lib/schema.ts';
import type { MeshNetworks } from '../mesh-networks.ts';
import type { Check } from './check.ts';
import { isDnsName } from './names.ts';

export function checkMeshNetworks({ networks = {} }: MeshNetworks, path: Path, check: Check): void {
  for (const [name, { endpoints = [], gateways = [] }] of Object.entries(networks)) {
    const at = [...path, 'networks', name];
    if (name === '') check.error('FW0701', at, 'expected the name of a network, found an empty one');
    for (const [i, { fromCidr, fromRegistry }] of endpoints.entries()) {
      const one = [...at, 'endpoints', i];
      if (fromCidr === undefined && (fromRegistry ?? '') === '')
        check.error('FW0701', one, 'expected fromCidr or fromRegistry, found neither');
      if (fromCidr !== undefined && blockOf(fromCidr) === undefined)
        check.error(
          'FW0701',
          [...one, 'fromCidr'],
          `expected a block of addresses such as 10.0.0.0/8, found ${JSON.stringify(fromCidr)}`,
        );
    }
    for (const [i, { address, registryServiceName, port }] of gateways.entries()) {
      const one = [...at, 'gateways', i];
      if (address === undefined && registryServiceName === undefined)
        check.error('FW0701', one, 'expected address or registryServiceName, found neither');
      if (address !== undefined && isIP(address) === 0 && !isDnsName(address))
        check.error(
          'FW0701',
          [...one, 'address'],
          `expected an IP address or a DNS name, found ${JSON.stringify(address)}`,
        );
      if (registryServiceName !== undefined && !isDnsName(registryServiceName))
        check.error(
          'FW0701',
          [...one, 'registryServiceName'],
          `expected the full name of a service, found ${JSON.stringify(registryServiceName)}`,
        );
      if (port === 0) check.error('FW0701', [...one, 'port'], 'expected a port from 1 to 65535, found 0');
    }
  }
}
