/** ServiceEntry and WorkloadEntry: their schemas. */
import { enumOf, type Infer, list, map, object, port, string, uint32 } from '../lib/schema.ts';
import * as about from './about/service-entry.ts';

export const workloadEntry = object(
  {
    address: string,
    ports: map(port),
    labels: map(string),
    network: string,
    locality: string,
    weight: uint32,
    serviceAccount: string,
  },
  { about: about.workloadEntry },
);

export const serviceEntry = object(
  {
    hosts: list(string),
    addresses: list(string),
    ports: list(
      object({ number: uint32, protocol: string, name: string, targetPort: uint32 }, { required: ['number'] }),
    ),
    location: enumOf('MESH_EXTERNAL', 'MESH_INTERNAL'),
    resolution: enumOf('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'),
    endpoints: list(workloadEntry),
    workloadSelector: object({ labels: map(string) }),
    exportTo: list(string),
    subjectAltNames: list(string),
  },
  { about: about.serviceEntry },
);

export type WorkloadEntry = Infer<typeof workloadEntry>;
export type ServiceEntry = Infer<typeof serviceEntry>;
export type ServiceEntryPort = NonNullable<ServiceEntry['ports']>[number];
