/** The types of resources that proxies ask for. */
export type TypeUrl = string;

const prefix = 'type.googleapis.com/envoy.config.';

export const clusterType: TypeUrl = `${prefix}cluster.v3.Cluster`;
export const endpointType: TypeUrl = `${prefix}endpoint.v3.ClusterLoadAssignment`;
export const listenerType: TypeUrl = `${prefix}listener.v3.Listener`;
export const routeType: TypeUrl = `${prefix}route.v3.RouteConfiguration`;
export const extensionType: TypeUrl = `${prefix}core.v3.TypedExtensionConfig`;
/** Istio's table of names, by which its agents answer DNS: all in one resource. */
export const nameTableType: TypeUrl = 'type.googleapis.com/istio.networking.nds.v1.NameTable';
/** The same one by one, for agents of ours. */
export const nameType: TypeUrl = 'type.googleapis.com/fairway.dns.v1.Name';
export const secretType: TypeUrl = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

/** The order in which changes go out: what is referred to before what refers to it. */
export const pushOrder: readonly TypeUrl[] = [
  clusterType,
  endpointType,
  listenerType,
  routeType,
  secretType,
  extensionType,
  nameTableType,
  nameType,
];

/** Types of which a state-of-the-world response lists all resources: what is missing in it is gone. */
export const wholeStateTypes: ReadonlySet<TypeUrl> = new Set([clusterType, listenerType, nameTableType, nameType]);

/** Types that no Envoy asks for, but the agent beside it. */
export const agentTypes: ReadonlySet<TypeUrl> = new Set([nameTableType, nameType]);

/** Types of which nothing is ever taken away: a filter whose configuration is gone would answer every request with an error. */
export const keptTypes: ReadonlySet<TypeUrl> = new Set([extensionType]);

/** Short names for logs, metrics and pages. */
export function shortType(type: TypeUrl): string {
  switch (type) {
    case clusterType:
      return 'cds';
    case endpointType:
      return 'eds';
    case listenerType:
      return 'lds';
    case routeType:
      return 'rds';
    case secretType:
      return 'sds';
    case extensionType:
      return 'ecds';
    case nameTableType:
      return 'nds';
    case nameType:
      return 'names';
    default:
      return type.slice(type.lastIndexOf('.') + 1).toLowerCase();
  }
}
