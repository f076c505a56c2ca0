import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../model/endpoint.ts';
import { parseLocality } from '../model/locality.ts';
import type { Placed } from './locality.ts';
import { type NetworkGateway, scaleOf } from './networks.ts';
import { type Horizon, throughGateways } from './split-horizon.ts';

interface Text {
  readonly at: string;
  readonly network?: string;
  readonly cluster?: string;
  readonly weight?: number;
  readonly locality?: string;
  readonly health?: Endpoint['health'];
  readonly tls?: false;
}

function placed({
  at,
  network = '',
  cluster = 'c1',
  weight = 1,
  locality = '',
  health = 'healthy',
  tls,
}: Text): Placed {
  return {
    endpoint: {
      address: at,
      ports: { http: 80 },
      labels: tls === false ? {} : { 'security.istio.io/tlsMode': 'istio' },
      locality: parseLocality(locality),
      weight,
      health,
      network,
      serviceAccount: '',
      nodeName: '',
      workload: '',
      namespace: 'shop',
      cluster,
    },
    ir: { address: at, port: 80, weight, health: 'HEALTHY', workload: '' },
  };
}

const gateway = (network: string, address: string, cluster = ''): NetworkGateway => ({
  network,
  cluster,
  address,
  port: 15443,
});

/** `address:port*weight`, with the locality where there is one. */
function text({ endpoint, ir }: Placed): string {
  const { region } = endpoint.locality;
  return `${ir.address}:${ir.port}*${ir.weight}${region === '' ? '' : ` in ${region}`}`;
}

const far = (at: string, more: Omit<Text, 'at'> = {}): Text => ({ at, network: 'far', ...more });

function check(
  name: string,
  endpoints: readonly Text[],
  gateways: readonly NetworkGateway[],
  expected: readonly string[],
  { client = { network: 'near' }, crossing = 'with-mesh-tls' }: Partial<Horizon> = {},
): void {
  it(name, () => {
    const networks = { gateways, scale: scaleOf(gateways) };
    assert.deepEqual(throughGateways(endpoints.map(placed), { client, networks, crossing }).map(text), expected);
  });
}

const one = [gateway('far', '1.1.1.1')];
const two = [gateway('far', '1.1.1.1'), gateway('far', '2.2.2.2')];

describe('endpoints', () => {
  check('of the own network are reached directly', [{ at: 'a', network: 'near' }], one, ['a:80*1']);
  check('of no network are reached directly', [{ at: 'a' }], one, ['a:80*1']);
  check('are reached directly by a client of no network', [far('a')], one, ['a:80*1'], { client: { network: '' } });
  check('of a network without gateway are reached directly', [{ at: 'a', network: 'flat' }], one, ['a:80*1']);
  check(
    'of another network are behind its gateway, which has the weight of all',
    [far('a'), far('b', { weight: 4 })],
    one,
    ['1.1.1.1:15443*5'],
  );
  check('stand before gateways', [far('a'), { at: 'b', network: 'near' }], one, ['b:80*1', '1.1.1.1:15443*1']);
  check('share several gateways in equal parts', [far('a'), { at: 'b', network: 'near', weight: 3 }], two, [
    'b:80*6',
    '1.1.1.1:15443*1',
    '2.2.2.2:15443*1',
  ]);
  check(
    'are behind the gateways of their own cluster where there are some',
    [far('a', { cluster: 'c1' }), far('b', { cluster: 'c2', weight: 5 }), far('c', { cluster: 'c3', weight: 2 })],
    [gateway('far', '1.1.1.1', 'c1'), gateway('far', '2.2.2.2', 'c2')],
    ['1.1.1.1:15443*4', '2.2.2.2:15443*12'],
  );
  check(
    'have gateways in their own localities',
    [far('a', { locality: 'r1' }), { at: 'b', locality: 'r2' }, far('c', { locality: 'r2' })],
    one,
    ['1.1.1.1:15443*1 in r1', 'b:80*1 in r2', '1.1.1.1:15443*1 in r2'],
  );
  check('without an address are behind gateways alone', [far(''), { at: '', network: 'near' }], one, [
    '1.1.1.1:15443*1',
  ]);
});

describe('endpoints of another network are left out', () => {
  check('without mutual TLS', [far('a', { tls: false }), far('b')], one, ['1.1.1.1:15443*1']);
  check('not even then, where a rule says that they have it', [far('a', { tls: false })], one, ['1.1.1.1:15443*1'], {
    crossing: 'all',
  });
  check('where a rule says that they have not', [far('a')], one, [], { crossing: 'none' });
  check(
    'while they are not healthy',
    [far('a', { health: 'unhealthy' }), far('b', { health: 'draining' }), far('c', { health: 'unknown' })],
    one,
    ['1.1.1.1:15443*1'],
  );
  check(
    'when the client does not want to know of it',
    [far('a'), { at: 'b', network: 'near' }, { at: 'c' }],
    one,
    ['b:80*1', 'c:80*1'],
    {
      client: { network: 'near', networkView: ['near'] },
    },
  );
});

it("a gateway asks for the mesh's own TLS and names its cluster", () => {
  const gateways = [gateway('far', '1.1.1.1', 'c2')];
  const seen = throughGateways([placed(far('a', { cluster: 'c2' }))], {
    client: { network: 'near' },
    networks: { gateways, scale: 1 },
    crossing: 'with-mesh-tls',
  });
  assert.deepEqual(
    seen.map(({ ir }) => ir),
    [{ address: '1.1.1.1', port: 15443, weight: 1, health: 'unknown', workload: ';;;;c2', tlsMode: 'istio' }],
  );
});
