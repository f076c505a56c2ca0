/** What serves the bytes of a connection: the first filter of the chain that ends it. */
import type { Filter, FilterChain } from '../proto/envoy/config/listener/v3/listener_components.ts';
import { HttpConnectionManager } from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { SniCluster } from '../proto/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster.ts';
import { TcpProxy } from '../proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.ts';
import { type OpenAny, opened, typeName } from './configuration.ts';
import { type Choice, chosen, ending, refusal } from './outcome.ts';

export type Terminal =
  | { readonly kind: 'http'; readonly manager: HttpConnectionManager }
  | { readonly kind: 'tcp'; readonly proxy: TcpProxy; readonly clusterFromSni: boolean };

/** Filters that end a connection otherwise; what they do is not evaluated. */
const otherTerminals = /\.(redis_proxy|thrift_proxy|dubbo_proxy|echo|direct_response|generic_proxy)\./;

export function terminalFilter({ filters = [] }: FilterChain, open: OpenAny): Choice<Terminal> {
  let clusterFromSni = false;
  for (const [index, { name, configType }] of filters.entries()) {
    if (configType?.$case !== 'typedConfig') continue;
    const { value } = configType;
    if (opened(open, SniCluster, value) !== undefined) clusterFromSni = true;
    const manager = opened(open, HttpConnectionManager, value);
    if (manager !== undefined) return { found: { kind: 'http', manager }, step: serves(name, index, 'it speaks HTTP') };
    const proxy = opened(open, TcpProxy, value);
    if (proxy !== undefined)
      return { found: { kind: 'tcp', proxy, clusterFromSni }, step: serves(name, index, 'it passes bytes on') };
    if (otherTerminals.test(typeName(value))) {
      const because = `the filter ${typeName(value)} is not evaluated`;
      return ending('network filters', { kind: 'undecided', because });
    }
  }
  return ending('network filters', refusal('protocol error', 'the chain has no filter that serves the connection'));
}

function serves(name: Filter['name'], index: number, because: string) {
  return chosen('network filters', name, because, { index });
}
