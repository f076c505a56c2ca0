/** What is logged of connections whose bytes are passed on. */
import type { FilterChainIr, TcpProxyIr } from '../ir/listener.ts';
import type { MeshSettings } from './settings.ts';

type Logging = Pick<MeshSettings, 'accessLog'>;

export function tcpNetwork(proxy: TcpProxyIr, { accessLog }: Logging): FilterChainIr['network'] {
  return { kind: 'tcp', proxy: accessLog === undefined ? proxy : { ...proxy, accessLog } };
}

/** The same for a chain that is there; one for requests stays as it is. */
export function withAccessLog(chain: FilterChainIr, logging: Logging): FilterChainIr {
  return chain.network.kind === 'tcp' ? { ...chain, network: tcpNetwork(chain.network.proxy, logging) } : chain;
}
