/** The form of what an adapter reports, which nobody has compiled together with us. What is not in here does not pass. */
import { enumOf, list, map, number, object, type Schema, string } from '../../lib/schema.ts';
import type { CatalogInstance, CatalogService } from '../../model/catalog.ts';
import type { ServicePort } from '../../model/service.ts';

const open = { isOpen: true } as const;

const portSchema: Schema<ServicePort> = object(
  {
    number,
    name: string,
    protocol: enumOf(
      'HTTP',
      'HTTP2',
      'GRPC',
      'GRPC-Web',
      'HTTPS',
      'TLS',
      'TCP',
      'Mongo',
      'Redis',
      'MySQL',
      'UDP',
      'auto',
    ),
  },
  { ...open, required: ['number', 'name', 'protocol'] },
);

/** An instance by itself, so that one which is wrong hides no other. */
export const instanceSchema: Schema<CatalogInstance> = object(
  {
    id: string,
    address: string,
    ports: map(number),
    labels: map(string),
    locality: object(
      { region: string, zone: string, subzone: string },
      { ...open, required: ['region', 'zone', 'subzone'] },
    ),
    weight: number,
    health: enumOf('healthy', 'unhealthy', 'draining', 'unknown'),
    network: string,
    serviceAccount: string,
    nodeName: string,
  },
  { ...open, required: ['id', 'address', 'ports'] },
);

/** A service without its instances. */
export const serviceSchema: Schema<Omit<CatalogService, 'instances'>> = object(
  { hostnames: list(string), namespace: string, ports: list(portSchema), labels: map(string), createdAt: number },
  { ...open, required: ['hostnames', 'namespace', 'ports'] },
);
