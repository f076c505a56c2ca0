/** What catalogs know of a proxy: the instances that it stands beside, which are those at its address. */
import type { Reader } from '../incremental/query.ts';
import { equal } from '../lib/equal.ts';
import type { Endpoint, EndpointShard } from '../model/endpoint.ts';
import type { Labels } from '../model/labels.ts';
import { type Locality, nowhere } from '../model/locality.ts';
import type { Proxy } from '../model/proxy.ts';
import { isCatalog } from '../model/registry-kind.ts';
import type { Tables } from './tables.ts';

export interface Instance {
  /** The service whose instance it is, under one of its names. */
  readonly shard: EndpointShard;
  readonly endpoint: Endpoint;
}

/** Where the workload of a proxy runs, and what it is. What is not known is empty. */
export interface InstanceFacts {
  readonly labels: Labels;
  readonly locality: Locality;
  readonly network: string;
  readonly nodeName: string;
}

/**
 * In order of services and instances. Others may share the address: that of a node, or the loopback. A proxy then stands
 * beside the instances whose id is its own name, else beside those at ports that it says its workload has, else, as the one
 * proxy of the machine, beside all of them. Readers read `shards` and its `byAddress`.
 */
export function instancesBeside(
  read: Reader,
  { shards }: Pick<Tables, 'shards'>,
  { addresses, name, namespace, podPorts = {} }: Proxy,
): readonly Instance[] {
  const keys = new Set(addresses.flatMap((address) => read.keys(shards.byAddress, address).filter(isCatalog)));
  if (keys.size === 0) return [];
  const there = read
    .rows(shards, [...keys].sort())
    .flatMap((shard) =>
      shard.endpoints.flatMap((endpoint) => (addresses.includes(endpoint.address) ? [{ shard, endpoint }] : [])),
    );
  const id = name.endsWith(`.${namespace}`) ? name.slice(0, -namespace.length - 1) : name;
  const named = there.filter(({ endpoint }) => endpoint.workload === id);
  if (named.length > 0) return named;
  const stated = new Set(Object.values(podPorts));
  const ported = there.filter(({ endpoint }) => Object.values(endpoint.ports).some((port) => stated.has(port)));
  return ported.length > 0 ? ported : there;
}

/** What all of the instances agree on; undefined where there is none. */
export function factsOf(instances: readonly Instance[]): InstanceFacts | undefined {
  const [first, ...others] = instances.map(({ endpoint }) => endpoint);
  if (first === undefined) return undefined;
  const labels = Object.entries(first.labels).filter(([key, value]) =>
    others.every((one) => one.labels[key] === value),
  );
  const agreed = <Field extends 'locality' | 'network' | 'nodeName'>(field: Field, none: Endpoint[Field]) =>
    others.every((one) => equal(one[field], first[field])) ? first[field] : none;
  return {
    labels: Object.fromEntries(labels),
    locality: agreed('locality', nowhere),
    network: agreed('network', ''),
    nodeName: agreed('nodeName', ''),
  };
}
