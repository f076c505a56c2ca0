import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { decodeMeshNetworks } from '../mesh-networks.ts';

function check(name: string, yaml: string, ...lines: readonly string[]): void {
  it(name, () => {
    const { networks, findings } = decodeMeshNetworks(parse(yaml));
    assert.deepEqual(
      [
        networks !== undefined,
        ...findings.map(({ severity, code, path, message }) => `${severity} ${code} ${path}: ${message}`),
      ],
      [lines.length === 0, ...lines],
    );
  });
}

describe('networks of a mesh', () => {
  check('may be none', '');
  check(
    'have endpoints by address and by cluster, and gateways by address and by service',
    'networks: { one: { endpoints: [{ fromCidr: 10.0.0.0/8 }, { fromRegistry: east }], gateways: [{ address: 1.2.3.4, port: 15443 }, { address: gw.example.com, port: 443 }, { registryServiceName: gw.istio-system.svc.cluster.local, port: 15443 }] } }',
  );
  check(
    'state where endpoints are in one way',
    'networks: { one: { endpoints: [{}, { fromCidr: 10.0.0.0/8, fromRegistry: east }] } }',
    'error FW0007 networks.one.endpoints[1]: expected at most one of fromCidr, fromRegistry, found fromCidr and fromRegistry',
  );
  check(
    'state where endpoints are',
    'networks: { one: { endpoints: [{}, { fromCidr: 10.0.0.0 }, { fromCidr: 10.0.0.0/33 }] } }',
    'error FW0701 networks.one.endpoints[0]: expected fromCidr or fromRegistry, found neither',
    'error FW0701 networks.one.endpoints[1].fromCidr: expected a block of addresses such as 10.0.0.0/8, found "10.0.0.0"',
    'error FW0701 networks.one.endpoints[2].fromCidr: expected a block of addresses such as 10.0.0.0/8, found "10.0.0.0/33"',
  );
  check(
    'state where gateways are',
    "networks: { one: { gateways: [{ port: 1 }, { address: 'a b', port: 0 }, { registryServiceName: '', port: 1 }] } }",
    'error FW0701 networks.one.gateways[0]: expected address or registryServiceName, found neither',
    'error FW0701 networks.one.gateways[1].address: expected an IP address or a DNS name, found "a b"',
    'error FW0701 networks.one.gateways[1].port: expected a port from 1 to 65535, found 0',
    'error FW0701 networks.one.gateways[2].registryServiceName: expected the full name of a service, found ""',
  );
});
