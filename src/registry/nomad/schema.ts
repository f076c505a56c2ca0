/** What Nomad's API answers, as far as it is read. https://developer.hashicorp.com/nomad/api-docs/services */
import { any, type Infer, integer, list, map, object, string } from '../../lib/schema.ts';

const index = integer(0, Number.MAX_SAFE_INTEGER);

/** One name of a namespace: `GET /v1/services`. */
const namesSchema = object(
  { Namespace: string, Services: list(object({ ServiceName: string }, { isOpen: true, required: ['ServiceName'] })) },
  { isOpen: true, required: ['Namespace'] },
);
export const servicesSchema = list(namesSchema);

/** An instance as its task has registered it: `GET /v1/service/NAME`. Nothing in it tells of health. */
export const registrationSchema = object(
  {
    ID: string,
    ServiceName: string,
    Namespace: string,
    NodeID: string,
    Datacenter: string,
    JobID: string,
    AllocID: string,
    Tags: list(string),
    Address: string,
    Port: integer(-(2 ** 31), 2 ** 31 - 1),
    CreateIndex: index,
    ModifyIndex: index,
  },
  { isOpen: true, required: ['ID', 'ServiceName'] },
);
export type Registration = Infer<typeof registrationSchema>;
/** Each is read by itself, so that one cannot hide the others. */
export const registrationsSchema = list(any);
/** What is left of a registration that tells which one it is. */
export const registrationIdSchema = object({ ID: string }, { isOpen: true, required: ['ID'] });

/** `GET /v1/allocations`. https://developer.hashicorp.com/nomad/api-docs/allocations */
const allocationSchema = object(
  { ID: string, Namespace: string, ClientStatus: string, DesiredStatus: string, NodeName: string },
  { isOpen: true, required: ['ID', 'ClientStatus'] },
);
export const allocationsSchema = list(allocationSchema);
export type Allocation = Infer<typeof allocationSchema>;

/** By the check's ID: `GET /v1/client/allocation/ID/checks`. */
export const checksSchema = map(
  object({ Check: string, Service: string, Status: string, Output: string }, { isOpen: true, required: ['Status'] }),
);
export type Checks = Infer<typeof checksSchema>;

/** A line of `GET /v1/event/stream`; a heartbeat has no events. */
export const eventLineSchema = object(
  {
    Events: list(
      object(
        {
          Namespace: string,
          Payload: object({ Service: object({ ServiceName: string }, { isOpen: true }) }, { isOpen: true }),
        },
        { isOpen: true },
      ),
    ),
  },
  { isOpen: true },
);
