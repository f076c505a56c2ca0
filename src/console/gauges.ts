/** Metrics of how things are, worked out at each scrape. */
import { Gauge, type Registry } from 'prom-client';
import { originKey } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import { shortType, type TypeUrl } from '../resource/types.ts';
import { visibilityStates } from '../source/visibility.ts';
import type { ConnectionStatus } from '../xds/ads-service.ts';
import type { VisibleSource } from './data.ts';
import { countMesh, type MeshRows } from './mesh-counts.ts';

/** What the gauges show, asked for at each scrape. */
export interface GaugeData {
  readonly connections: () => readonly ConnectionStatus[];
  readonly rows: () => Omit<MeshRows, 'proxies'>;
  readonly virtualServices: () => number;
  readonly problems: () => readonly Problem[];
  readonly sources: () => readonly VisibleSource[];
  /** Live cells of the engine. */
  readonly cells: () => number;
  readonly isLeader: () => boolean;
}

/** Types that Istio has a gauge of rejections for. */
const rejectable = ['cds', 'eds', 'lds', 'rds'] as const;

/** Adds the gauges to a registry; what it yields brings them up to date. */
export function addGauges(registry: Registry, data: GaugeData, version: string): () => void {
  const gauge = (name: string, help: string, ...labelNames: readonly string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  gauge('pilot_info', 'The version that runs', 'version').set({ version }, 1);
  const proxies = gauge('pilot_xds', 'Connected proxies', 'version');
  const services = gauge('pilot_services', 'Services known');
  const virtualServices = gauge('pilot_virt_services', 'VirtualServices in force');
  const notReady = gauge('pilot_endpoint_not_ready', 'Endpoints that their platform calls not ready');
  const noInstances = gauge('pilot_eds_no_instances', 'Ports of services that have no endpoints');
  const dnsWithout = gauge(
    'pilot_dns_cluster_without_endpoints',
    'Services that DNS is asked for, without a name to ask',
  );
  const noIp = gauge('pilot_no_ip', 'Connected sidecars at whose addresses there is no endpoint');
  const refused = gauge(
    'pilot_total_rejected_configs',
    'Objects with errors, whose last good version (if any) stays in force',
    'type',
  );
  const rejections = new Map(
    rejectable.map((type) => {
      const help = `Proxies that rejected their last ${type.toUpperCase()} response`;
      return [type, gauge(`pilot_xds_${type}_reject`, help, 'node', 'err')];
    }),
  );
  const problems = gauge('fairway_problems', 'What is wrong with the objects of users', 'code', 'severity');
  const setSources = sourceGauges(gauge);
  const cells = gauge('fairway_cells', 'Live cells of the incremental engine');
  const leader = gauge('fairway_leader', '1 while this replica writes statuses');
  return () => {
    const connections = data.connections();
    const rows = data.rows();
    const known = [...rows.services];
    const counts = countMesh({ ...rows, services: known, proxies: connections.map(({ proxy }) => proxy) });
    proxies.set({ version }, connections.length);
    services.set(known.length);
    virtualServices.set(data.virtualServices());
    notReady.set(counts.endpointsNotReady);
    noInstances.set(counts.portsWithoutEndpoints);
    dnsWithout.set(counts.dnsWithoutEndpoints);
    noIp.set(counts.proxiesWithoutEndpoint);
    cells.set(data.cells());
    leader.set(data.isLeader() ? 1 : 0);
    setProblems(data.problems(), problems, refused);
    setSources(data.sources());
    for (const [type, rejected] of rejections) {
      rejected.reset();
      for (const { proxy, message } of rejectionsOf(connections, type))
        rejected.set({ node: proxy, err: message.slice(0, 120) }, 1);
    }
  };
}

/** Gauges of sources; what it yields sets them. */
function sourceGauges(
  gauge: (name: string, help: string, ...labelNames: readonly string[]) => Gauge,
): (sources: readonly VisibleSource[]) => void {
  const stale = gauge('fairway_source_stale', '1 while a source cannot see what is there', 'source');
  const states = gauge('fairway_source_state', '1 for the state that a source is in', 'source', 'state');
  const unseen = gauge('fairway_source_unseen_seconds', 'Since a source was seen last; 0 while it is seen', 'source');
  const held = gauge(
    'fairway_held_endpoints',
    'Instances in force that a catalog does not name any more, until it has confirmed that',
    'registry',
  );
  return (sources) => {
    for (const one of [stale, states, unseen, held]) one.reset();
    for (const { name: source, registry, visibility, unseenMs, held: count } of sources) {
      const { state } = visibility;
      stale.set({ source }, state === 'stale' || state === 'lost' ? 1 : 0);
      for (const one of visibilityStates) states.set({ source, state: one }, state === one ? 1 : 0);
      unseen.set({ source }, unseenMs / 1000);
      if (count !== undefined) held.set({ registry }, count);
    }
  };
}

function setProblems(found: readonly Problem[], problems: Gauge, refused: Gauge): void {
  problems.reset();
  refused.reset();
  const objects = new Set<string>();
  for (const { code, severity, object } of found) {
    problems.inc({ code, severity });
    if (severity !== 'error' || object === undefined) continue;
    const key = originKey(object);
    if (!objects.has(key)) refused.inc({ type: object.kind });
    objects.add(key);
  }
}

function rejectionsOf(
  connections: readonly ConnectionStatus[],
  short: string,
): readonly { readonly proxy: string; readonly message: string }[] {
  const isMeant = (type: TypeUrl) => shortType(type) === short;
  return connections.flatMap(({ proxy, types }) =>
    types.flatMap(({ typeUrl, state, lastError }) =>
      isMeant(typeUrl) && state === 'ERROR' ? [{ proxy: proxy.connection, message: lastError?.message ?? '' }] : [],
    ),
  );
}
