/** The whole configuration of an Envoy from one YAML text. */
import { parseAllDocuments } from 'yaml';
import { decodeAny } from '../../src/descriptors/decode.ts';
import { type Configuration, configurationOf } from '../../src/evaluate/configuration.ts';
import { Cluster } from '../../src/proto/envoy/config/cluster/v3/cluster.ts';
import { Listener } from '../../src/proto/envoy/config/listener/v3/listener.ts';
import { RouteConfiguration } from '../../src/proto/envoy/config/route/v3/route.ts';
import { messageOf } from './envoy-messages.ts';

export const filters = 'type.googleapis.com/envoy.extensions.filters';

/** Documents with `kind` Listener, RouteConfiguration or Cluster; `$hcm` and `$tcp` stand for the types of filters. */
export function configurationOfYaml(yaml: string): Configuration {
  const text = yaml
    .replaceAll('$hcm', `${filters}.network.http_connection_manager.v3.HttpConnectionManager`)
    .replaceAll('$tcp', `${filters}.network.tcp_proxy.v3.TcpProxy`)
    .replaceAll('$sni', `${filters}.network.sni_cluster.v3.SniCluster`);
  const documents = parseAllDocuments(text).map((document) => document.toJSON());
  const of = (kind: string) => documents.filter((one) => one.kind === kind).map(({ kind: _, ...json }) => json);
  return configurationOf(
    {
      listeners: of('Listener').map((json) => messageOf(Listener, json)),
      routeConfigurations: of('RouteConfiguration').map((json) => messageOf(RouteConfiguration, json)),
      clusters: of('Cluster').map((json) => messageOf(Cluster, json)),
    },
    decodeAny,
  );
}
