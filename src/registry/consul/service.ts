/** A service of Consul as a service of a catalog. docs/consul.md has the rules as tables. */
import { compareTexts } from '../../lib/compare.ts';
import type { CatalogInstance, CatalogService } from '../../model/catalog.ts';
import type { Health } from '../../model/endpoint.ts';
import type { Labels } from '../../model/labels.ts';
import type { Locality } from '../../model/locality.ts';
import { kubernetesProtocol, parseProtocol, protocolNames } from '../../model/protocol.ts';
import type { ServicePort } from '../../model/service.ts';
import { fillTemplate } from '../catalog/hostname-template.ts';
import { servicePortOf } from '../catalog/service-port.ts';
import { labelsOfTags, valueOfTag } from '../catalog/tags.ts';
import type { Entry, EntryName } from './schema.ts';

export interface ConsulNames {
  /** Where services live. */
  readonly namespace: string;
  /** Templates of host names, with `{name}` and `{dc}`; the first makes the main name. */
  readonly hosts: readonly string[];
  /** Which of a service's addresses is meant: that within its datacenter, or that for others. */
  readonly address: 'lan' | 'wan';
}

/** Keys of metadata that are told elsewhere, and are no labels: `istio-port`, `istio-port-admin`. */
const ofService = /^istio-(service-account|network|(protocol|port)(-.*)?)$/;

/** `name` is in lower case: Consul does not tell case apart. Entries may be in any order. */
export function toCatalogService(name: string, entries: readonly Entry[], names: ConsulNames): CatalogService {
  const sorted = [...entries].sort((a, b) => compareTexts(idOf(a), idOf(b)));
  const ports = portsOf(sorted, names);
  const dc = sorted[0]?.Node.Datacenter ?? '';
  return {
    hostnames: names.hosts.map((template) => fillTemplate(template, { name, dc })),
    namespace: names.namespace,
    ports,
    instances: sorted.map((entry) => toInstance(entry, ports[0]?.name ?? 'default', names)),
  };
}

/** What instances say of their service that is no sense, or not what others say; sorted. */
export function contradictions(entries: readonly Entry[]): readonly string[] {
  const said = (key: string) => [...new Set(entries.flatMap((entry) => saysOf(entry, key) ?? []))].sort();
  const protocols = [...new Set(entries.flatMap((entry) => protocolOf(entry)?.toLowerCase() ?? []))].sort();
  const ports = said('istio-port');
  return [
    ...said('istio-protocol').flatMap((name) =>
      parseProtocol(name) === 'auto'
        ? [`expected istio-protocol to be one of ${protocolNames.join(', ')}, found ${name}`]
        : [],
    ),
    ...ports.flatMap((port) => (/^\d{1,5}$/.test(port) ? [] : [`expected istio-port to be a port, found ${port}`])),
    ...(protocols.length > 1
      ? [`expected instances that agree on their protocol, found ${protocols.join(' and ')}`]
      : []),
    ...(ports.length > 1 ? [`expected instances that agree on their istio-port, found ${ports.join(' and ')}`] : []),
  ];
}

/** What is no service but stands beside one, for Consul's own mesh: nobody's destination. */
export function isOfConsulsMesh({ Service: { Kind = '' } }: Entry): boolean {
  return Kind !== '' && Kind !== 'typical';
}

/** Unique in a datacenter, for IDs are unique at their node alone. */
export function idOf({ Node, Service }: EntryName): string {
  return `${Node.Node}/${Service.ID}`;
}

function toInstance(entry: Entry, port: string, { address }: ConsulNames): CatalogInstance {
  const { Node, Service } = entry;
  const { Passing = 1, Warning = 1 } = Service.Weights ?? {};
  const status = statusOf(entry);
  const serviceAccount = saysOf(entry, 'istio-service-account');
  const network = saysOf(entry, 'istio-network');
  return {
    id: idOf(entry),
    address: placeOf(entry, address).address,
    ports: Object.fromEntries(portsAt(entry, port, address)),
    labels: labelsOf(entry),
    locality: localityOf(entry),
    weight: status === 'warning' ? Warning : Passing,
    health: healths[status],
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    ...(network === undefined ? {} : { network }),
    nodeName: Node.Node,
  };
}

type Status = 'maintenance' | 'critical' | 'warning' | 'passing';

/** A warning is served, by the weight that the instance has for it, as Consul's own DNS does. */
const healths: { readonly [status in Status]: Health } = {
  maintenance: 'draining',
  critical: 'unhealthy',
  warning: 'healthy',
  passing: 'healthy',
};

/** The worst of the checks of a service and its node; a status that is not known is no good sign. */
function statusOf({ Checks = [] }: Entry): Status {
  const found = Checks.map(({ CheckID = '', Status: status = '' }): Status => {
    if (status === 'passing' || status === 'warning') return status;
    return /^_(node|service)_maintenance(:|$)/.test(CheckID) ? 'maintenance' : 'critical';
  });
  return (['maintenance', 'critical', 'warning'] as const).find((status) => found.includes(status)) ?? 'passing';
}

/** Where others connect: a service without an address of its own is where its node is. */
function placeOf({ Node, Service }: Entry, which: 'lan' | 'wan'): { readonly address: string; readonly port: number } {
  const { Address = '', Port = 0, TaggedAddresses = {} } = Service;
  const tagged = which === 'wan' ? TaggedAddresses.wan : undefined;
  if (tagged?.Address !== undefined && tagged.Address !== '')
    return { address: tagged.Address, port: tagged.Port === undefined || tagged.Port === 0 ? Port : tagged.Port };
  if (Address !== '') return { address: Address, port: Port };
  const node = (which === 'wan' ? Node.TaggedAddresses?.wan : undefined) ?? '';
  return { address: node === '' ? (Node.Address ?? '') : node, port: Port };
}

/** Metadata says more than tags, of which anybody may have several of one key. */
function labelsOf({ Service: { Tags = [], Meta = {} } }: Entry): Labels {
  const stated = Object.entries(Meta).filter(([key]) => !ofService.test(key));
  return { ...labelsOfTags([...Tags].sort()), ...Object.fromEntries(stated) };
}

function localityOf({ Node, Service }: Entry): Locality {
  const { Meta = {}, Datacenter = '' } = Node;
  return {
    region: Service.Locality?.Region || Node.Locality?.Region || Datacenter,
    zone: Service.Locality?.Zone || Node.Locality?.Zone || Meta.zone || Meta.availability_zone || '',
    subzone: Meta.subzone ?? '',
  };
}

/** What an instance says under a key, in its metadata or by a tag. */
function saysOf({ Service: { Tags = [], Meta = {} } }: Entry, key: string): string | undefined {
  return Meta[key] ?? valueOfTag([...Tags].sort(), key);
}

function protocolOf(entry: Entry): string | undefined {
  return saysOf(entry, 'istio-protocol') ?? saysOf(entry, 'protocol');
}

/** A port of 0 is served elsewhere than at a port. */
function namedPorts({ Service: { Ports = [] } }: Entry) {
  return Ports.flatMap(({ Name: name = '', Port: port = 0, Default: isDefault = false }) =>
    name === '' || port === 0 ? [] : [{ name, port, isDefault }],
  );
}

/** Where an instance serves the service's ports. Its own port, if it has no named ones, is that of a name. */
function portsAt(
  entry: Entry,
  unnamed: string,
  address: 'lan' | 'wan',
): readonly (readonly [name: string, port: number])[] {
  const named = namedPorts(entry);
  return named.length === 0
    ? [[unnamed, placeOf(entry, address).port]]
    : named.map(({ name, port }) => [name, port] as const);
}

/** The one port that clients call; of services with named ports one for each name, the default one first. */
function portsOf(entries: readonly Entry[], { address }: ConsulNames): readonly ServicePort[] {
  const [main, ...others] = portNamesOf(entries);
  const statementsOf = (name: string, protocol: (entry: Entry) => string | undefined, key = 'istio-port') =>
    entries.flatMap((entry) =>
      portsAt(entry, main ?? name, address).flatMap(([found, port]) =>
        found === name ? [{ port, servicePort: saysOf(entry, key), protocol: protocol(entry) }] : [],
      ),
    );
  if (main === undefined) return [servicePortOf(statementsOf('', protocolOf))];
  const first = servicePortOf(statementsOf(main, protocolOf));
  return [
    { ...first, name: main, protocol: first.protocol === 'auto' ? protocolByName(main, first.number) : first.protocol },
    ...others.map((name) => {
      const key = `istio-port-${name}`;
      const statements = statementsOf(name, (entry) => saysOf(entry, `istio-protocol-${name}`), key);
      // Ports that clients call all differ, so that there is no usual one.
      const { number, protocol } = servicePortOf(statements, Math.min(...statements.map(({ port }) => port)));
      return { number, name, protocol: protocol === 'auto' ? protocolByName(name, number) : protocol };
    }),
  ];
}

/** Sorted, but for the one that most instances have for their default. */
function portNamesOf(entries: readonly Entry[]): readonly string[] {
  const defaults = new Map<string, number>();
  for (const { name, isDefault } of entries.flatMap(namedPorts))
    defaults.set(name, (defaults.get(name) ?? 0) + (isDefault ? 1 : 0));
  return [...defaults].sort(([a, m], [b, n]) => n - m || compareTexts(a, b)).map(([name]) => name);
}

/** As Kubernetes' ports tell theirs: `http-web` speaks HTTP. */
function protocolByName(name: string, number: number): ServicePort['protocol'] {
  return kubernetesProtocol({ name, number, transport: 'TCP' });
}
