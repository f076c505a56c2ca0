/** What one Envoy holds, found by name. */
import { typeNameOf } from '../lib/type-name.ts';
import type { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import type { ClusterLoadAssignment } from '../proto/envoy/config/endpoint/v3/endpoint.ts';
import type { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import type { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import type { Any } from '../proto/google/protobuf/any.ts';

export interface Configuration {
  readonly listeners: readonly Listener[];
  readonly routeConfigurations: ReadonlyMap<string, RouteConfiguration>;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly assignments: ReadonlyMap<string, ClusterLoadAssignment>;
  readonly open: OpenAny;
}

/** Reads the message in an Any, in the form of src/proto; undefined when its type is not known. */
export type OpenAny = (envelope: Any) => unknown;

export interface Resources {
  readonly listeners?: readonly Listener[];
  readonly routeConfigurations?: readonly RouteConfiguration[];
  readonly clusters?: readonly Cluster[];
  readonly assignments?: readonly ClusterLoadAssignment[];
}

/** Of resources of one name the last counts, as it does for Envoy. */
export function configurationOf(resources: Resources, open: OpenAny): Configuration {
  const { listeners = [], routeConfigurations = [], clusters = [], assignments = [] } = resources;
  return {
    listeners: [...new Map(listeners.map((listener) => [listener.name, listener])).values()],
    routeConfigurations: new Map(routeConfigurations.map((routes) => [routes.name ?? '', routes])),
    clusters: new Map(clusters.map((cluster) => [cluster.name ?? '', cluster])),
    assignments: new Map(assignments.map((assignment) => [assignment.clusterName ?? '', assignment])),
    open,
  };
}

/** A message type of src/proto. */
interface NamedType<T> {
  readonly $type: string;
  encode(message: T): unknown;
}

/** The message in an Any if it is of the type asked for. */
export function opened<T>(open: OpenAny, { $type }: NamedType<T>, envelope: Any | undefined): T | undefined {
  if (envelope === undefined || typeName(envelope) !== $type) return undefined;
  return open(envelope) as T | undefined;
}

/** `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy` */
export function typeName({ typeUrl = '' }: Any): string {
  return typeNameOf(typeUrl);
}
