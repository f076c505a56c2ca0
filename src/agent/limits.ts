/** How much an Envoy takes on before it turns work away. */

export interface Limits {
  /** Connections from outside at one time; the proxy's own listeners are not counted. */
  readonly downstreamConnections?: number;
  /** How many bytes of heap it may use, such as the memory that its container may have. */
  readonly heapBytes?: number;
}

/** Where the heap is this full, in share of 1, idle connections go first, then requests are turned away. */
const stages = [
  ['envoy.overload_actions.shrink_heap', 0.9],
  ['envoy.overload_actions.disable_http_keepalive', 0.95],
  ['envoy.overload_actions.stop_accepting_requests', 0.98],
] as const;

/** Envoy's `overload_manager`; undefined when there are no limits. */
export function overloadManager({ downstreamConnections, heapBytes }: Limits): object | undefined {
  const connections =
    downstreamConnections === undefined
      ? []
      : [
          monitor('global_downstream_max_connections', 'downstream_connections.v3.DownstreamConnectionsConfig', {
            max_active_downstream_connections: downstreamConnections,
          }),
        ];
  const heap =
    heapBytes === undefined
      ? []
      : [monitor('fixed_heap', 'fixed_heap.v3.FixedHeapConfig', { max_heap_size_bytes: heapBytes })];
  if (connections.length + heap.length === 0) return undefined;
  const actions = stages.map(([name, value]) => ({
    name,
    triggers: [{ name: 'envoy.resource_monitors.fixed_heap', threshold: { value } }],
  }));
  return {
    refresh_interval: '0.25s',
    resource_monitors: [...connections, ...heap],
    ...(heap.length === 0 ? {} : { actions }),
  };
}

function monitor(name: string, type: string, config: object): object {
  return {
    name: `envoy.resource_monitors.${name}`,
    typed_config: { '@type': `type.googleapis.com/envoy.extensions.resource_monitors.${type}`, ...config },
  };
}
