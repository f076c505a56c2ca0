/** What can be read off a rule alone, without the rest of the mesh. */
import type { Config } from '../config/config.ts';
import type { Spec } from '../config/kinds.ts';
import { covers, type Hostname, resolveShortName } from '../model/hostname.ts';

/** The full names of the hosts that a VirtualService is about; none for a delegate. */
export function virtualServiceHosts({ spec, namespace }: Config<Spec<'VirtualService'>>): readonly Hostname[] {
  return (spec.hosts ?? []).map((host) => resolveShortName(host, namespace));
}

/** `mesh`, or `namespace/name` of a Gateway; `mesh` alone when nothing is said. */
export function gatewaysOf({ spec, namespace }: Config<Spec<'VirtualService'>>): readonly string[] {
  const { gateways = [] } = spec;
  return gateways.length === 0 ? ['mesh'] : gateways.map((gateway) => gatewayName(gateway, namespace));
}

/** Whether a VirtualService is for sidecars. */
export function isOnMesh(config: Config<Spec<'VirtualService'>>): boolean {
  return gatewaysOf(config).includes('mesh');
}

/** The `namespace/name` of a Gateway as a rule of `namespace` names it; legacy full names have the form `name.namespace.svc…`. */
export function gatewayName(gateway: string, namespace: string): string {
  if (gateway === 'mesh' || gateway.includes('/')) return gateway;
  const [name = '', inNamespace] = gateway.split('.');
  return inNamespace === undefined ? `${namespace}/${gateway}` : `${inNamespace}/${name}`;
}

/** The full names of the hosts that a VirtualService sends traffic or copies of it to. */
export function destinationHosts({ spec, namespace }: Config<Spec<'VirtualService'>>): readonly Hostname[] {
  const { http = [], tcp = [], tls = [] } = spec;
  const mirrors = http.flatMap(({ mirror, mirrors = [] }) => [
    ...(mirror === undefined ? [] : [mirror]),
    ...mirrors.map(({ destination }) => destination),
  ]);
  const destinations = [...http, ...tcp, ...tls].flatMap(({ route = [] }) =>
    route.map(({ destination }) => destination),
  );
  return [...new Set([...destinations, ...mirrors].map(({ host }) => resolveShortName(host, namespace)))];
}

/** The `namespace/name` of the VirtualServices that a root hands routes over to. */
export function delegatesOf({ spec, namespace }: Config<Spec<'VirtualService'>>): readonly string[] {
  const named = (spec.http ?? []).flatMap(({ delegate }) => delegate ?? []);
  return [...new Set(named.map((delegate) => delegateKey(delegate, namespace)))];
}

/** The `namespace/name` of the VirtualService that a route of a rule of `namespace` hands over to. */
export function delegateKey(
  { name = '', namespace: where = '' }: { readonly name?: string; readonly namespace?: string },
  namespace: string,
): string {
  return `${where || namespace}/${name}`;
}

export function destinationRuleHost({
  spec,
  namespace,
}: Pick<Config<Spec<'DestinationRule'>>, 'spec' | 'namespace'>): Hostname {
  return resolveShortName(spec.host, namespace);
}

/** Every match of a VirtualService, of whatever protocol. */
function* matchesOf({ spec }: Config<Spec<'VirtualService'>>) {
  for (const route of [...(spec.http ?? []), ...(spec.tcp ?? []), ...(spec.tls ?? [])]) yield* route.match ?? [];
}

/** The labels of clients that a VirtualService asks for. */
export function sourceLabelKeys(config: Config<Spec<'VirtualService'>>): readonly string[] {
  const keys = new Set<string>();
  for (const { sourceLabels = {} } of matchesOf(config)) for (const key of Object.keys(sourceLabels)) keys.add(key);
  return [...keys].sort();
}

/** The namespaces of clients that a VirtualService asks for. */
export function sourceNamespaces(config: Config<Spec<'VirtualService'>>): readonly string[] {
  const namespaces = new Set<string>();
  for (const { sourceNamespace = '' } of matchesOf(config)) if (sourceNamespace !== '') namespaces.add(sourceNamespace);
  return [...namespaces].sort();
}

/** Every block of settings in a DestinationRule: for all, for subsets, for single ports. */
function settingsIn({ spec }: Config<Spec<'DestinationRule'>>) {
  const policies = [spec.trafficPolicy, ...(spec.subsets ?? []).map(({ trafficPolicy }) => trafficPolicy)];
  return policies.flatMap((policy) => [policy, ...(policy?.portLevelSettings ?? [])]);
}

/** The labels by which a DestinationRule ranks endpoints for a client. */
export function priorityLabelKeys(config: Config<Spec<'DestinationRule'>>): readonly string[] {
  const settings = settingsIn(config).flatMap((one) => priorityLabels(one?.loadBalancer?.localityLbSetting));
  return [...new Set(settings)].sort();
}

/** The secrets that a DestinationRule takes certificates from. */
export function credentialsOf(config: Config<Spec<'DestinationRule'>>): readonly string[] {
  const names = settingsIn(config).flatMap((one) => one?.tls?.credentialName ?? []);
  return [...new Set(names)].filter((name) => name !== '').sort();
}

/** The label by which a locality setting means the node that a client runs on. */
export const nodeLabel = 'kubernetes.io/hostname';

/** The label by which it means the cluster. */
export const clusterLabel = 'topology.istio.io/cluster';

/** The labels of a locality setting, without those that follow from the locality and network of a client. */
export function priorityLabels(
  setting: { readonly failoverPriority?: readonly string[] } | undefined,
): readonly string[] {
  return (setting?.failoverPriority ?? [])
    .map((entry) => entry.split('=', 1)[0] ?? '')
    .filter((label) => label === clusterLabel || !label.startsWith('topology.'));
}

/** The hosts that both lists mean, each in its narrower form; sorted. */
export function intersection(a: readonly Hostname[], b: readonly Hostname[]): readonly Hostname[] {
  const found = new Set<Hostname>();
  for (const one of a)
    for (const other of b) {
      if (covers(one, other)) found.add(other);
      else if (covers(other, one)) found.add(one);
    }
  return [...found].sort();
}
