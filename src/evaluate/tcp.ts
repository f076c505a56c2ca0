/** What a TCP proxy does with a connection. */
import type { TcpProxy } from '../proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.ts';
import type { Call } from './call.ts';
import { resolveCluster } from './cluster.ts';
import type { Configuration } from './configuration.ts';
import type { Connection } from './listener-filters.ts';
import type { Outcome, Share, Step } from './outcome.ts';
import { sharesOf } from './shares.ts';

export interface Passing {
  readonly proxy: TcpProxy;
  readonly clusterFromSni: boolean;
  readonly connection: Connection;
  readonly call: Call;
}

export function passBytes(configuration: Configuration, passing: Passing): Outcome {
  const { connection } = passing;
  const destination = { original: connection.local, host: connection.serverName, header: () => undefined };
  const steps: Step[] = [];
  const shares: Share[] = sharesOf(clustersOf(passing)).map(([{ name }, percent]) => {
    const { upstream, steps: found } = resolveCluster(configuration, name, destination);
    steps.push(...found);
    return { cluster: name, percent, upstream };
  });
  if (shares.length === 0)
    return { steps, result: { kind: 'refused', error: 'no cluster found', because: 'the proxy names no cluster' } };
  return { steps, result: { kind: 'forwarded', shares } };
}

function clustersOf({
  proxy,
  clusterFromSni,
  connection,
}: Passing): readonly { readonly name: string; readonly weight: number }[] {
  // Without a server name the proxy's own cluster counts.
  if (clusterFromSni && connection.serverName !== '') return [{ name: connection.serverName, weight: 1 }];
  const specifier = proxy.clusterSpecifier;
  if (specifier?.$case === 'cluster') return [{ name: specifier.value, weight: 1 }];
  return (specifier?.value.clusters ?? []).map(({ name = '', weight = 0 }) => ({ name, weight }));
}
