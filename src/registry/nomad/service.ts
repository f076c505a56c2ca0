/** A service of Nomad as a service of a catalog. */
import type { CatalogInstance, CatalogService } from '../../model/catalog.ts';
import { fillTemplate } from '../catalog/hostname-template.ts';
import { servicePortOf } from '../catalog/service-port.ts';
import { labelsOfTags, valueOfTag } from '../catalog/tags.ts';
import type { LifeSign } from './life-sign.ts';
import type { Registration } from './schema.ts';

/** Where a service is: names are unique in a namespace. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

export interface NomadNames {
  readonly region: string;
  /** Templates of further host names, with `{name}` and `{namespace}`. */
  readonly aliases: readonly string[];
}

/** What is registered, and whether it lives. */
export interface Registered {
  readonly registration: Registration;
  readonly sign: LifeSign;
}

/** `web.default`: no name has a dot. */
export function nameInCatalog({ namespace, name }: ServiceName): string {
  return `${name}.${namespace}`;
}

export function parseNameInCatalog(text: string): ServiceName {
  const dot = text.indexOf('.');
  return { name: text.slice(0, dot), namespace: text.slice(dot + 1) };
}

/** Nobody is asked anything here: what is registered, and what is known of its life. */
export function toCatalogService(
  { namespace, name }: ServiceName,
  registered: readonly Registered[],
  { region, aliases }: NomadNames,
): CatalogService {
  const port = servicePortOf(
    registered.map(({ registration: { Port = 0, Tags = [] } }) => ({
      port: Port,
      servicePort: valueOfTag(Tags, 'istio-port'),
      protocol: valueOfTag(Tags, 'istio-protocol') ?? valueOfTag(Tags, 'protocol'),
    })),
  );
  const values = { name, namespace, region };
  return {
    hostnames: ['{name}.{namespace}.nomad', ...aliases].map((template) => fillTemplate(template, values)),
    namespace,
    ports: [port],
    instances: registered.map(({ registration, sign }) => toInstance(registration, sign, { port: port.name, region })),
  };
}

function toInstance(
  { ID, Address = '', Port = 0, Tags = [], Datacenter = '', NodeID = '' }: Registration,
  { health }: LifeSign,
  { port, region }: { readonly port: string; readonly region: string },
): CatalogInstance {
  return {
    id: ID,
    address: Address,
    ports: { [port]: Port },
    labels: labelsOfTags(Tags),
    locality: { region, zone: Datacenter, subzone: '' },
    health,
    nodeName: NodeID,
  };
}
