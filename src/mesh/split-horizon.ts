/** Endpoints as a client of one network sees them: those of other networks behind the gateways of these. */
import { ensure } from '../lib/ensure.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { formatLocality, type Locality } from '../model/locality.ts';
import type { Client } from '../model/scope.ts';
import type { Placed } from './locality.ts';
import type { NetworkGateway, Networks } from './networks.ts';

/** Which endpoints of other networks can be reached: gateways pass on nothing but the mesh's own TLS. */
export type CrossingEndpoints = 'all' | 'with-mesh-tls' | 'none';

export interface Horizon {
  readonly client: Pick<Client, 'network' | 'networkView'>;
  readonly networks: Networks;
  readonly crossing: CrossingEndpoints;
}

/**
 * In each locality the endpoints that the client reaches directly, in their order, then the gateways of the others. The
 * weight of an endpoint goes to the gateways of its network, to those of its own cluster if there are some, in equal parts.
 *
 * What states no network is everywhere.
 */
export function throughGateways(placed: readonly Placed[], { client, networks, crossing }: Horizon): readonly Placed[] {
  const view = client.networkView ?? [];
  const direct = new Map<string, Placed[]>();
  const shares = new Map<string, { readonly locality: Locality; readonly weights: Map<NetworkGateway, number> }>();
  for (const one of placed) {
    const { endpoint, ir } = one;
    const { network, cluster, locality } = endpoint;
    if (network !== '' && view.length > 0 && !view.includes(network)) continue;
    const place = formatLocality(locality);
    const own = ensure(direct, place, () => []);
    const weight = ir.weight * networks.scale;
    const gateways = gatewaysOf(networks, network, cluster);
    if (isSame(network, client.network) || gateways.length === 0) {
      if (endpoint.address !== '') own.push({ endpoint, ir: { ...ir, weight } });
      continue;
    }
    if (!crosses(endpoint, crossing)) continue;
    const { weights } = ensure(shares, place, () => ({ locality, weights: new Map() }));
    for (const gateway of gateways) weights.set(gateway, (weights.get(gateway) ?? 0) + weight / gateways.length);
  }
  return [...direct].flatMap(([place, own]) => {
    const { locality, weights } = shares.get(place) ?? {};
    if (locality === undefined || weights === undefined) return own;
    const used = networks.gateways.filter((gateway) => weights.has(gateway));
    return [...own, ...used.map((gateway) => toPlaced(gateway, locality, weights.get(gateway) ?? 0))];
  });
}

function isSame(a: string, b: string): boolean {
  return a === '' || b === '' || a === b;
}

function gatewaysOf({ gateways }: Networks, network: string, cluster: string): readonly NetworkGateway[] {
  const all = gateways.filter((gateway) => gateway.network === network);
  const own = all.filter((gateway) => gateway.cluster === cluster);
  return own.length > 0 ? own : all;
}

/** An endpoint that is not healthy adds nothing to a gateway, which is. */
function crosses({ labels, health }: Endpoint, crossing: CrossingEndpoints): boolean {
  if (crossing === 'none' || health === 'unhealthy' || health === 'draining') return false;
  return crossing === 'all' || labels['security.istio.io/tlsMode'] === 'istio';
}

/** A gateway as an endpoint: it is in the locality of those behind it, and asks for the mesh's own TLS. */
function toPlaced({ network, cluster, address, port }: NetworkGateway, locality: Locality, weight: number): Placed {
  return {
    endpoint: {
      address,
      ports: {},
      labels: {},
      locality,
      weight,
      health: 'unknown',
      network,
      serviceAccount: '',
      nodeName: '',
      workload: '',
      namespace: '',
      cluster,
    },
    ir: { address, port, weight, health: 'unknown', workload: `;;;;${cluster}`, tlsMode: 'istio' },
  };
}
