/** /debug/registries: each registry as a whole. The form is ours, and `fairway registries` reads it. */
import { filesRegistry, isKubernetes, kubernetesRegistry } from '../model/cluster.ts';
import type { Origin } from '../model/origin.ts';
import type { Visibility } from '../source/visibility.ts';
import type { ConsoleData, VisibleSource } from './data.ts';
import { type Answer, json } from './http-server.ts';
import { visibilityFields } from './sources.ts';

/** Platforms as Istio, or the platform itself, writes them; others are written as their registry's name is. */
const platforms: { readonly [beginning: string]: string } = {
  'service-entry': 'External',
  kubernetes: 'Kubernetes',
  consul: 'Consul',
  nomad: 'Nomad',
};

/** `Consul` for `consul/dc1`. */
export function platformOf(registry: string): string {
  const [beginning = registry] = registry.split('/');
  return platforms[beginning] ?? beginning;
}

/** The registry that states a row: what files say of a Kubernetes cluster is their word, not that of its API server. */
export function statedBy({ registry, origin }: { readonly registry: string; readonly origin: Origin }): string {
  return isKubernetes(registry) && origin.file !== undefined ? filesRegistry : registry;
}

const order = ['lost', 'stale', 'live', 'absent'] as const satisfies readonly Visibility['state'][];

/**
 * How well a registry can be seen: as well as that of its sources which can be seen worst. ServiceEntries are rules, so that
 * they are seen as the config cluster and files are; a registry without sources of its own is where it should be.
 */
export function registryVisibility(
  registry: string,
  sources: readonly VisibleSource[],
  configCluster: string,
): Visibility {
  const own = sourcesOf(registry, sources, configCluster).map(({ visibility }) => visibility);
  const [worst] = [...own].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || sinceOf(a) - sinceOf(b));
  return worst ?? { state: 'live' };
}

export function registriesPage({ sources, services, endpointShards, cluster }: ConsoleData): Answer {
  return () => {
    const known = sources();
    const ofServices = Map.groupBy(services(), statedBy);
    const ofShards = Map.groupBy(endpointShards(), statedBy);
    const names = new Set([...known.map(({ registry }) => registry), ...ofServices.keys(), ...ofShards.keys()]);
    return json(
      [...names].sort().map((registry) => {
        const own = sourcesOf(registry, known, cluster);
        const held = own.find((source) => source.held !== undefined)?.held;
        return {
          name: registry,
          platform: platformOf(registry),
          isSynced: own.every(({ isSynced }) => isSynced),
          ...visibilityFields(registryVisibility(registry, known, cluster)),
          services: ofServices.get(registry)?.length ?? 0,
          endpoints: (ofShards.get(registry) ?? []).reduce((sum, { endpoints }) => sum + endpoints.length, 0),
          ...(held === undefined ? {} : { held }),
        };
      }),
    );
  };
}

function sourcesOf(
  registry: string,
  sources: readonly VisibleSource[],
  configCluster: string,
): readonly VisibleSource[] {
  const at = registry === 'service-entry' ? [kubernetesRegistry(configCluster), filesRegistry] : [registry];
  return sources.filter((source) => at.includes(source.registry));
}

function sinceOf(visibility: Visibility): number {
  return 'sinceMs' in visibility ? visibility.sinceMs : 0;
}
