/** What the reference generates for a case, as messages. */
import { decodeAny } from '../../src/descriptors/decode.ts';
import { type Configuration, configurationOf } from '../../src/evaluate/configuration.ts';
import { Cluster } from '../../src/proto/envoy/config/cluster/v3/cluster.ts';
import { Listener } from '../../src/proto/envoy/config/listener/v3/listener.ts';
import { RouteConfiguration } from '../../src/proto/envoy/config/route/v3/route.ts';
import { messageOf } from './envoy-messages.ts';
import { type ReferenceCase, referenceResources } from './reference-case.ts';

export function referenceConfiguration(one: ReferenceCase): Configuration {
  const resources = referenceResources(one);
  const messages = (kind: string) => resources.get(kind) ?? [];
  return configurationOf(
    {
      listeners: messages('Listener').map((json) => messageOf(Listener, withoutForeign(json))),
      routeConfigurations: messages('RouteConfiguration').map((json) =>
        messageOf(RouteConfiguration, withoutForeign(json)),
      ),
      clusters: messages('Cluster').map((json) => messageOf(Cluster, withoutForeign(json))),
    },
    decodeAny,
  );
}

/** Filters that stock Envoy lacks, and the reference's extension messages, left out wherever they stand. */
function withoutForeign(json: unknown): unknown {
  if (Array.isArray(json)) return json.filter((item) => !isForeign(item)).map(withoutForeign);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withoutForeign(value)]));
}

function isForeign(item: unknown): boolean {
  const type = (item as { readonly typedConfig?: { readonly '@type'?: string } } | null)?.typedConfig?.['@type'];
  return type !== undefined && !type.startsWith('type.googleapis.com/envoy.');
}
