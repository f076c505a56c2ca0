/** What Consul's API answers, as far as it is read. https://developer.hashicorp.com/consul/api-docs/health */
import { any, boolean, type Infer, integer, list, map, number, object, string } from '../../lib/schema.ts';

const open = { isOpen: true } as const;

/** Tags by name, perhaps null: `GET /v1/catalog/services`. */
export const servicesSchema = map(any);

/** `GET /v1/health/service/NAME`: each entry is read by itself, so that one cannot hide the others. */
export const entriesSchema = list(any);

const locality = object({ Region: string, Zone: string }, open);

/** Consul takes any whole number for a port. */
const anyPort = integer(-(2 ** 31), 2 ** 31 - 1);

export const entrySchema = object(
  {
    Node: object(
      {
        Node: string,
        Address: string,
        Datacenter: string,
        TaggedAddresses: map(string),
        Meta: map(string),
        Locality: locality,
      },
      { isOpen: true, required: ['Node'] },
    ),
    Service: object(
      {
        ID: string,
        Service: string,
        /** What it is beside a service, such as `connect-proxy`; empty for a service. */
        Kind: string,
        Tags: list(string),
        Address: string,
        TaggedAddresses: map(object({ Address: string, Port: anyPort }, open)),
        Meta: map(string),
        Port: anyPort,
        /** Newer servers: ports with names. */
        Ports: list(object({ Name: string, Port: anyPort, Default: boolean }, open)),
        Weights: object({ Passing: number, Warning: number }, open),
        Locality: locality,
      },
      { isOpen: true, required: ['ID'] },
    ),
    Checks: list(object({ CheckID: string, Status: string, ServiceID: string }, open)),
  },
  { isOpen: true, required: ['Node', 'Service'] },
);
export type Entry = Infer<typeof entrySchema>;

/** What is left of an entry that tells which one it is. */
export const entryNameSchema = object(
  {
    Node: object({ Node: string }, { isOpen: true, required: ['Node'] }),
    Service: object({ ID: string }, { isOpen: true, required: ['ID'] }),
  },
  { isOpen: true, required: ['Node', 'Service'] },
);
export type EntryName = Infer<typeof entryNameSchema>;

/** `GET /v1/health/state/critical`. */
export const checksSchema = list(
  object({ Node: string, CheckID: string, Status: string, ServiceID: string, ServiceName: string }, open),
);
export type Checks = Infer<typeof checksSchema>;

const count = integer(0, Number.MAX_SAFE_INTEGER);

/** What Consul's own pages show of each service: `GET /v1/internal/ui/services`. */
export const summariesSchema = list(
  object(
    {
      Name: string,
      Tags: list(string),
      Nodes: list(string),
      InstanceCount: count,
      ChecksPassing: count,
      ChecksWarning: count,
      ChecksCritical: count,
    },
    { isOpen: true, required: ['Name'] },
  ),
);
export type Summaries = Infer<typeof summariesSchema>;
