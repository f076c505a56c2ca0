/**
 * Endpoints of a host that a catalog states. Registries name the ports of their endpoints by their own services, so that
 * across registries ports are matched by number: name of the own service's port ─► its number ─► name in the merged service.
 */
import { isIP } from 'node:net';
import { isKubernetes } from '../model/cluster.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { isCatalog } from '../model/registry-kind.ts';
import { type Service, serviceKey } from '../model/service.ts';
import { mergedPorts, platformsIn } from './merged-services.ts';

/** Endpoints that one row of a registry tells of. */
export interface Reported {
  /** The key of the row, which is that of the service's row where the registry is no cluster. */
  readonly key: string;
  readonly endpoints: readonly Endpoint[];
}

export interface MergedEndpoints {
  /** The endpoints of a row as those of the merged service; those of a registry that does not state the host are none. */
  of(reported: Reported): readonly Endpoint[];
}

/** `rows` are those that state the host in one namespace; `config` is the id of the config cluster. */
export function mergedEndpoints(rows: readonly Service[], config: string): MergedEndpoints {
  const [first, ...others] = platformsIn(rows, config);
  if (first === undefined) return { of: ({ endpoints }) => endpoints };
  const catalogs = others.filter(({ registry }) => isCatalog(registry));
  const nameOf = new Map(mergedPorts(first, catalogs).map(({ number, name }) => [number, name]));
  const isOfCluster = isKubernetes(first.registry);
  /** What clusters and users call a port of a cluster's service is the name of that; by number it would be another rule. */
  const ownNames = new Map(first.ports.map(({ name }) => [name, name]));
  const namesByRow = new Map(
    rows.map((row) => [
      serviceKey(row),
      new Map(
        row.ports.flatMap(({ name, number }): [string, string][] => {
          const merged = nameOf.get(number);
          return merged === undefined ? [] : [[name, merged]];
        }),
      ),
    ]),
  );
  const isDnsAsked = !isOfCluster && [first, ...catalogs].some(({ resolution }) => resolution === 'dns');
  return {
    of({ key, endpoints }) {
      if (isKubernetes(key) && !isOfCluster) return [];
      const names = isOfCluster && !isCatalog(key) ? ownNames : namesByRow.get(key);
      if (names === undefined) return [];
      const usable = isDnsAsked || !isCatalog(key) ? endpoints : endpoints.filter(({ address }) => isIP(address) !== 0);
      return usable.flatMap((endpoint) => renamed(endpoint, names));
    },
  };
}

/** An endpoint with other names for its ports; none without a port that is left. */
function renamed(endpoint: Endpoint, names: ReadonlyMap<string, string>): readonly Endpoint[] {
  const served = Object.keys(endpoint.ports);
  if (served.every((name) => names.get(name) === name)) return [endpoint];
  const ports = Object.fromEntries(
    Object.entries(endpoint.ports).flatMap(([name, port]) => {
      const merged = names.get(name);
      return merged === undefined ? [] : [[merged, port]];
    }),
  );
  return Object.keys(ports).length === 0 ? [] : [{ ...endpoint, ports }];
}
