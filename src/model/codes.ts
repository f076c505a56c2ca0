/**
 * The codes of all problems. A code is never given a second meaning; its page is docs/errors/CODE.md.
 *
 * FW00 reading · FW01 VirtualService · FW02 DestinationRule · FW03 ServiceEntry and WorkloadEntry · FW04 Gateway ·
 * FW05 Sidecar · FW06 EnvoyFilter · FW07 MeshConfig · FW08 Kubernetes objects · FW09 local workloads ·
 * FW10 to FW16 what only the whole mesh shows: VirtualServices, DestinationRules, services, selectors, Gateways, Sidecars,
 * EnvoyFilters · FW20 all policies · FW21 PeerAuthentication · FW22 RequestAuthentication ·
 * FW23 AuthorizationPolicy · FW31 catalogs of services, and several sources of objects
 */
export const codes = {
  FW0001: 'invalid YAML',
  FW0002: 'unknown kind of object',
  FW0003: 'unknown field',
  FW0004: 'wrong type',
  FW0005: 'value that is not allowed',
  FW0006: 'missing field',
  FW0007: 'fields that exclude each other',
  FW0008: 'object without a usable name',
  FW0009: 'not executed by this version',
  FW0010: 'file or folder that cannot be read',
  FW0011: 'two objects of one name',
  FW0012: 'configuration that Envoy refused',
  FW0013: 'document that is too large or too deep',
  FW0014: 'more problems than are shown',
  FW0015: 'annotation that is not for users',
  FW0016: 'labels and selectors',

  FW0101: 'VirtualService without usable hosts',
  FW0102: 'VirtualService hosts that overlap',
  FW0103: 'VirtualService without rules',
  FW0104: 'HTTP route without exactly one thing to do',
  FW0105: 'HTTP route whose actions exclude each other',
  FW0106: 'weights of destinations',
  FW0107: 'match that can never be or is empty',
  FW0108: 'regular expression that is not RE2',
  FW0109: 'header name or operation',
  FW0110: 'redirect',
  FW0111: 'direct response',
  FW0112: 'fault injection',
  FW0113: 'retries',
  FW0114: 'timeout',
  FW0115: 'mirror',
  FW0116: 'CORS policy',
  FW0117: 'delegate VirtualService',
  FW0118: 'TLS route and its SNI hosts',
  FW0119: 'exportTo',
  FW0120: 'name of a gateway',
  FW0121: 'destination of a route',
  FW0122: 'JWT claims matched outside a gateway',
  FW0123: 'route that can never be reached',

  FW0201: 'host of a DestinationRule',
  FW0202: 'empty traffic policy',
  FW0203: 'subset',
  FW0204: 'load balancing',
  FW0205: 'connection pool',
  FW0206: 'outlier detection',
  FW0207: 'TLS settings of a client',
  FW0208: 'port-level settings',
  FW0209: 'tunnel and PROXY protocol',
  FW0210: 'workload selector and exportTo',

  FW0301: 'hosts of a ServiceEntry',
  FW0302: 'addresses of a ServiceEntry',
  FW0303: 'ports of a ServiceEntry',
  FW0304: 'resolution and endpoints of a ServiceEntry',
  FW0305: 'endpoint of a ServiceEntry or WorkloadEntry',
  FW0306: 'WorkloadGroup',
  FW0307: 'ProxyConfig',

  FW0401: 'servers of a Gateway',
  FW0402: 'port of a Gateway server',
  FW0403: 'hosts of a Gateway server',
  FW0404: 'TLS settings of a Gateway server',
  FW0405: 'server or route that a gateway proxy does not serve',
  FW0406: 'secret of a Gateway server that cannot be served',

  FW0501: 'empty Sidecar',
  FW0502: 'egress listener of a Sidecar',
  FW0503: 'ingress listener of a Sidecar',
  FW0504: 'outbound traffic policy of a Sidecar',

  FW0601: 'patch of an EnvoyFilter',
  FW0602: 'patch that cannot do what it says',
  FW0603: 'value of a patch',
  FW0604: 'patch that matches nothing',
  FW0605: 'patch that does not fit where it matches',

  FW0701: 'mesh configuration',

  FW0801: 'Kubernetes Service',
  FW0802: 'Kubernetes EndpointSlice',
  FW0803: 'certificate or key in a Kubernetes Secret',
  FW0804: 'validity of a certificate',
  FW0805: 'kubeconfig of another cluster',

  FW0901: 'workload that cannot be run on this machine',

  FW1001: 'host that another VirtualService has',
  FW1002: 'destination that no service is',
  FW1003: 'destination that is hidden',
  FW1004: 'port that the destination lacks',
  FW1005: 'destination of several ports without a port',
  FW1006: 'subset that no DestinationRule defines',
  FW1007: 'Gateway that is not there',
  FW1008: 'host that the Gateway does not take',
  FW1009: 'match for gateways that the rule is not for',
  FW1010: 'delegate that cannot be used',
  FW1011: 'delegate that nothing hands over to',
  FW1012: 'delegated route that contradicts its root',
  FW1013: 'rules for what the host does not speak',
  FW1014: 'host that no service is',
  FW1015: 'match for a port that the host lacks',

  FW1101: 'DestinationRule for a host that no service is',
  FW1102: 'DestinationRule that is not in force',
  FW1103: 'part of a DestinationRule that is lost',
  FW1104: 'subset without endpoints',
  FW1105: 'settings for a port that the service lacks',
  FW1106: 'TLS within TLS',

  FW1201: 'ServiceEntry for the host of a Service',
  FW1202: 'ServiceEntries of one host that differ',
  FW1203: 'service without endpoints',
  FW1204: 'ports that cannot be told apart',
  FW1205: 'alias that leads nowhere',
  FW1206: 'port that does not say what it speaks',

  FW1301: 'selector that selects nothing',
  FW1302: 'WorkloadEntry that nothing selects',
  FW1303: 'namespace in which nothing is known',

  FW1401: 'Gateway that nobody serves',
  FW1402: 'Gateway without routes',

  FW1501: 'Sidecar that is not in force',
  FW1502: 'import of what is not there',

  FW2001: 'what a policy is attached to',
  FW2101: 'PeerAuthentication by port',
  FW2201: 'rule for JSON Web Tokens',
  FW2301: 'action of an AuthorizationPolicy',
  FW2302: 'source or operation of an AuthorizationPolicy',
  FW2303: 'condition of an AuthorizationPolicy',
  FW2304: 'AuthorizationPolicy that denies more than HTTP',

  FW3101: 'service of a catalog',
  FW3102: 'instance in a catalog',

  FW3151: 'object that another source lies over',
  FW3152: 'object in the state folder that cannot be used',
} as const satisfies { readonly [code: string]: string };

export type Code = keyof typeof codes;
