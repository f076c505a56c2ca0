/** What a Nomad cluster holds, as far as its catalog of services tells: in memory, changed by tests or by the stand-in's API. */

/** Fields in the order of the wire, where they are sorted. */
export interface Registration {
  /** Empty where the job gives a number as the port and no address. */
  readonly Address: string;
  readonly AllocID: string;
  readonly CreateIndex: number;
  readonly Datacenter: string;
  readonly ID: string;
  readonly JobID: string;
  readonly ModifyIndex: number;
  readonly Namespace: string;
  readonly NodeID: string;
  /** 0 where the job gives none. */
  readonly Port: number;
  readonly ServiceName: string;
  readonly Tags: readonly string[];
}

/** The part of an allocation's list entry that clients of the catalog read. https://developer.hashicorp.com/nomad/api-docs/allocations */
export interface Allocation {
  readonly ClientStatus: 'pending' | 'running' | 'complete' | 'failed' | 'lost' | 'unknown';
  readonly CreateIndex: number;
  readonly DesiredStatus: 'run' | 'stop' | 'evict';
  readonly ID: string;
  readonly JobID: string;
  readonly ModifyIndex: number;
  readonly Name: string;
  readonly Namespace: string;
  readonly NodeID: string;
  readonly NodeName: string;
  readonly TaskGroup: string;
}

export interface Check {
  readonly Check: string;
  readonly Group: string;
  readonly ID: string;
  readonly Mode: 'healthiness' | 'readiness';
  readonly Output: string;
  readonly Service: string;
  readonly Status: 'pending' | 'success' | 'failure';
  readonly Timestamp: number;
}

export type ServiceEventType = 'ServiceRegistration' | 'ServiceDeregistration' | 'PlanResult';

/** What one write did to services: a line of the event stream. */
export interface EventLine {
  readonly Events: readonly ServiceEvent[];
  readonly Index: number;
}

interface ServiceEvent {
  readonly FilterKeys: readonly string[];
  readonly Index: number;
  readonly Key: string;
  readonly Namespace: string;
  readonly Payload: { readonly Service: Registration };
  readonly Topic: 'Service';
  readonly Type: ServiceEventType;
}

/** Tables have an index of their own each: that of the last write to them. */
export type Table = 'services' | 'allocations';

/** What a write touched. */
export interface Write {
  readonly table: Table;
  readonly namespace: string;
  /** Of the table `services`. */
  readonly service?: string;
}

/** Nomad keeps the last hundred items of events unless it is told otherwise. */
const mostEventLines = 100;

export class NomadState {
  readonly registrations = new Map<string, Registration>();
  readonly allocations = new Map<string, Allocation>();
  /** By the ID of the allocation. */
  readonly checks = new Map<string, readonly Check[]>();
  readonly namespaces = new Set<string>(['default']);
  readonly events: EventLine[] = [];
  readonly #watchers = new Set<(writes: readonly Write[]) => void>();
  readonly #streams = new Set<(line: EventLine) => void>();
  readonly #tables = new Map<Table, number>();
  #index = 9;

  /** The index of the write that comes next is one more. */
  get index(): number {
    return this.#index;
  }

  /** Of services 1 where nothing was ever written, of allocations 0 (observed). */
  indexOf(table: Table): number {
    return this.#tables.get(table) ?? (table === 'allocations' ? 0 : 1);
  }

  /** Lets indices go on after this one, as if other things had been written meanwhile. */
  goOnAfter(index: number): void {
    this.#index = index;
  }

  /** Calls `wake` with each write, until it is told to stop. */
  watch(wake: (writes: readonly Write[]) => void): () => void {
    this.#watchers.add(wake);
    return () => this.#watchers.delete(wake);
  }

  /** Calls `take` with each line of events, until it is told to stop. */
  stream(take: (line: EventLine) => void): () => void {
    this.#streams.add(take);
    return () => this.#streams.delete(take);
  }

  /** One write: registrations that are new or different. `CreateIndex` and `ModifyIndex` are the write's. */
  register(...all: readonly Omit<Registration, 'CreateIndex' | 'ModifyIndex'>[]): void {
    const index = this.#next('services');
    const written = all.map((one) => {
      const { CreateIndex = index } = this.registrations.get(one.ID) ?? {};
      return sorted({ ...one, CreateIndex, ModifyIndex: index });
    });
    for (const one of written) this.registrations.set(one.ID, one);
    this.#tell(index, written, 'ServiceRegistration');
  }

  /** One write: registrations that go. What a plan removes, as of a lost node, bears the plan's name in the event stream. */
  deregister(ids: readonly string[], type: ServiceEventType = 'ServiceDeregistration'): void {
    const gone = ids.flatMap((id) => this.registrations.get(id) ?? []);
    const index = this.#next('services');
    for (const { ID } of gone) this.registrations.delete(ID);
    this.#tell(index, gone, type);
  }

  allocate(one: Omit<Allocation, 'CreateIndex' | 'ModifyIndex'>): void {
    const index = this.#next('allocations');
    const { CreateIndex = index } = this.allocations.get(one.ID) ?? {};
    this.allocations.set(one.ID, { ...one, CreateIndex, ModifyIndex: index });
    this.#wake([{ table: 'allocations', namespace: one.Namespace }]);
  }

  changeAllocation(id: string, changed: Partial<Pick<Allocation, 'ClientStatus' | 'DesiredStatus'>>): void {
    const found = this.allocations.get(id);
    if (found === undefined) throw new Error(`expected an allocation, found none with ID ${id}`);
    this.allocate({ ...found, ...changed });
  }

  /** The allocation is collected as garbage. */
  forgetAllocation(id: string): void {
    const found = this.allocations.get(id);
    this.allocations.delete(id);
    this.#next('allocations');
    this.#wake([{ table: 'allocations', namespace: found?.Namespace ?? 'default' }]);
  }

  /** All is lost, as when an agent in development mode is started anew. */
  clear(): void {
    for (const part of [this.registrations, this.allocations, this.checks, this.#tables]) part.clear();
    this.events.length = 0;
    this.#index = 9;
  }

  #next(table: Table): number {
    this.#index += 1;
    this.#tables.set(table, this.#index);
    return this.#index;
  }

  #tell(index: number, changed: readonly Registration[], Type: ServiceEventType): void {
    const line: EventLine = {
      Events: changed.map((Service) => ({
        FilterKeys: [Service.JobID, Service.ServiceName],
        Index: index,
        Key: Service.ID,
        Namespace: Service.Namespace,
        Payload: { Service },
        Topic: 'Service',
        Type,
      })),
      Index: index,
    };
    this.events.push(line);
    if (this.events.length > mostEventLines) this.events.shift();
    for (const take of this.#streams) take(line);
    this.#wake(
      changed.map(({ Namespace, ServiceName }) => ({ table: 'services', namespace: Namespace, service: ServiceName })),
    );
  }

  #wake(writes: readonly Write[]): void {
    for (const wake of [...this.#watchers]) wake(writes);
  }
}

function sorted({ ...one }: Registration): Registration {
  return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) as unknown as Registration;
}
