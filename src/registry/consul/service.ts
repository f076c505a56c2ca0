/** A service of Consul as a service of a catalog. docs/consul.md has the rules as tables. */
import type { CatalogInstance, CatalogService } from '../../model/catalog.ts';
import type { Health } from '../../model/endpoint.ts';
import type { Labels } from '../../model/labels.ts';
import type { Locality } from '../../model/locality.ts';
import { parseProtocol } from '../../model/protocol.ts';
import type { ServicePort } from '../../model/service.ts';
import { fillTemplate } from '../catalog/hostname-template.ts';
import { servicePortOf } from '../catalog/service-port.ts';
import { labelsOfTags, valueOfTag } from '../catalog/tags.ts';
import type { Entry } from './schema.ts';

export interface ConsulNames {
  /** Where services live. */
  readonly namespace: string;
  /** Templates of host names, with `{name}` and `{dc}`; the first makes the main name. */
  readonly hosts: readonly string[];
  /** Which of a service's addresses is meant: that within its datacenter, or that for others. */
  readonly address: 'lan' | 'wan';
}

/** Keys of metadata that are about the service as a whole, and no labels of an instance. */
const ofService = new Set(['istio-protocol', 'istio-port', 'istio-service-account', 'istio-network']);

/** `name` is in lower case: Consul does not tell case apart. Entries may be in any order. */
export function toCatalogService(name: string, entries: readonly Entry[], names: ConsulNames): CatalogService {
  const sorted = [...entries].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const ports = portsOf(sorted, names);
  const dc = sorted[0]?.Node.Datacenter ?? '';
  return {
    hostnames: names.hosts.map((template) => fillTemplate(template, { name, dc })),
    namespace: names.namespace,
    ports,
    instances: sorted.map((entry) => toInstance(entry, ports[0]?.name ?? 'default', names)),
  };
}

/** The protocols that instances name, in lower case, sorted: more than one is a contradiction. */
export function protocolsOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.flatMap((entry) => protocolOf(entry)?.toLowerCase() ?? []))].sort();
}

/** Unique in a datacenter, for IDs are unique at their node alone. */
export function idOf({ Node, Service }: Entry): string {
  return `${Node.Node}/${Service.ID}`;
}

function toInstance(entry: Entry, port: string, { address }: ConsulNames): CatalogInstance {
  const { Node, Service } = entry;
  const { Passing = 1, Warning = 1 } = Service.Weights ?? {};
  const status = statusOf(entry);
  const serviceAccount = saysOf(entry, 'istio-service-account');
  const network = saysOf(entry, 'istio-network');
  const named = namedPorts(entry);
  return {
    id: idOf(entry),
    address: placeOf(entry, address).address,
    ports: named.length === 0 ? { [port]: placeOf(entry, address).port } : Object.fromEntries(named),
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
  const stated = Object.entries(Meta).filter(([key]) => !ofService.has(key));
  return { ...labelsOfTags(Tags), ...Object.fromEntries(stated) };
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
  return Meta[key] ?? valueOfTag(Tags, key);
}

function protocolOf(entry: Entry): string | undefined {
  return saysOf(entry, 'istio-protocol') ?? saysOf(entry, 'protocol');
}

function namedPorts({ Service: { Ports = [] } }: Entry): readonly (readonly [name: string, port: number])[] {
  return Ports.flatMap(({ Name = '', Port = 0 }) => (Name === '' ? [] : [[Name, Port] as const]));
}

/** The one port that clients call; of services with named ports one for each name, sorted by name. */
function portsOf(entries: readonly Entry[], { address }: ConsulNames): readonly ServicePort[] {
  const names = [...new Set(entries.flatMap((entry) => namedPorts(entry).map(([name]) => name)))].sort();
  if (names.length === 0)
    return [
      servicePortOf(
        entries.map((entry) => ({
          port: placeOf(entry, address).port,
          servicePort: saysOf(entry, 'istio-port'),
          protocol: protocolOf(entry),
        })),
      ),
    ];
  return names.map((name) => {
    const listening = entries.flatMap((entry) => {
      const port = namedPorts(entry).find(([found]) => found === name)?.[1];
      return port === undefined ? [] : [{ port, servicePort: saysOf(entry, `istio-port-${name}`) }];
    });
    const { number } = servicePortOf(listening);
    return { number, name, protocol: parseProtocol(name.split('-')[0] ?? '') };
  });
}
