import type { MeshNetworks } from '../config/mesh-networks.ts';
import { blockOf, isWithin, parseIp } from '../lib/ip.ts';

/** The network that MeshNetworks say an address of a cluster is in: that of the cluster, else that of the narrowest block. */
export function statedNetwork({ networks = {} }: MeshNetworks, cluster: string, address: string): string {
  const stated = Object.entries(networks).flatMap(([network, { endpoints = [] }]) =>
    endpoints.map((endpoint) => ({ network, ...endpoint })),
  );
  const own = stated.find(({ fromRegistry }) => fromRegistry === cluster);
  if (own !== undefined) return own.network;
  const ip = parseIp(address);
  if (ip === undefined) return '';
  const [narrowest] = stated
    .flatMap(({ network, fromCidr = '' }) => {
      const block = blockOf(fromCidr);
      return block !== undefined && isWithin(ip, block) ? [{ network, length: block.length }] : [];
    })
    .sort((a, b) => b.length - a.length);
  return narrowest?.network ?? '';
}
