/** What a scheduler makes of jobs: allocations, and the registrations of their services. */
import { randomUUID } from 'node:crypto';
import type { Check, NomadState, Registration } from './nomad-state.ts';

/** The part of a job that the stand-in acts upon, as `PUT /v1/jobs` takes it. */
export interface Job {
  readonly ID: string;
  readonly Namespace?: string;
  readonly TaskGroups: readonly TaskGroup[];
}

export interface TaskGroup {
  readonly Name: string;
  readonly Count?: number;
  readonly Services?: readonly JobService[];
  readonly Networks?: readonly {
    readonly DynamicPorts?: readonly { readonly Label: string }[];
    readonly ReservedPorts?: readonly { readonly Label: string; readonly Value: number }[];
  }[];
}

export interface JobService {
  readonly Name: string;
  /** The label of a port, a number, or nothing. */
  readonly PortLabel: string;
  readonly Address?: string;
  readonly Tags?: readonly string[];
  readonly Checks?: readonly { readonly Name: string }[];
}

export interface SchedulerOptions {
  readonly datacenter: string;
  /** The address of nodes. */
  readonly address: string;
  /** How long a replacement takes to start, in milliseconds. */
  readonly replacementMs: number;
}

/** One node runs everything. */
export class Scheduler {
  readonly state: NomadState;
  readonly nodeId = randomUUID();
  readonly #options: SchedulerOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #port = 20_000;

  constructor(state: NomadState, options: SchedulerOptions) {
    this.state = state;
    this.#options = options;
  }

  /** Runs a job, or what is different in one that runs: counts and tags change in place. */
  run(job: Job): void {
    this.#jobs.set(jobKey(job), job);
    for (const group of job.TaskGroups) {
      const running = this.#running(job, group.Name);
      const { Count = 1 } = group;
      for (const id of running.slice(Count)) this.#stop(id);
      for (const id of running.slice(0, Count)) this.#register(job, group, id);
      for (let i = running.length; i < Count; i++) this.#start(job, group);
    }
  }

  stopJob(namespace: string, id: string): void {
    const job = this.#jobs.get(`${namespace}/${id}`);
    if (job === undefined) return;
    this.#jobs.delete(jobKey(job));
    for (const group of job.TaskGroups) for (const one of this.#running(job, group.Name)) this.#stop(one);
  }

  /** Stops an allocation and runs another one in its place: for a moment there is none. Whether there was one of that ID. */
  stopAllocation(id: string): boolean {
    const allocation = this.state.allocations.get(id);
    if (allocation === undefined) return false;
    this.#stop(id);
    const job = this.#jobs.get(`${allocation.Namespace}/${allocation.JobID}`);
    const group = job?.TaskGroups.find(({ Name }) => Name === allocation.TaskGroup);
    if (job === undefined || group === undefined) return true;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(job, group);
    }, this.#options.replacementMs);
    this.#timers.add(timer);
    return true;
  }

  /** The node is taken for lost: its allocations are, and their registrations go in one step. */
  loseNode(): void {
    const all = [...this.state.registrations.values()].filter(({ NodeID }) => NodeID === this.nodeId);
    for (const { ID, ClientStatus } of [...this.state.allocations.values()])
      if (ClientStatus === 'running') this.state.changeAllocation(ID, { ClientStatus: 'lost', DesiredStatus: 'stop' });
    this.state.deregister(
      all.map(({ ID }) => ID),
      'PlanResult',
    );
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** IDs of the allocations that run, the oldest first. */
  #running({ ID, Namespace = 'default' }: Job, group: string): readonly string[] {
    return [...this.state.allocations.values()]
      .filter((one) => one.JobID === ID && one.Namespace === Namespace && one.TaskGroup === group)
      .filter((one) => one.ClientStatus === 'running' && one.DesiredStatus === 'run')
      .map((one) => one.ID);
  }

  #start(job: Job, group: TaskGroup): void {
    const allocation = {
      ClientStatus: 'pending' as const,
      DesiredStatus: 'run' as const,
      ID: randomUUID(),
      JobID: job.ID,
      Name: `${job.ID}.${group.Name}[0]`,
      Namespace: job.Namespace ?? 'default',
      NodeID: this.nodeId,
      NodeName: 'n1',
      TaskGroup: group.Name,
    };
    this.state.allocate(allocation);
    this.state.allocate({ ...allocation, ClientStatus: 'running' });
    const checks = (group.Services ?? []).flatMap(({ Name, Checks = [] }) =>
      Checks.map((check) => this.#check(Name, check.Name, allocation.Name)),
    );
    if (checks.length > 0) this.state.checks.set(allocation.ID, checks);
    this.#register(job, group, allocation.ID);
  }

  #check(service: string, name: string, group: string): Check {
    const of = { Group: group, ID: `${service}-${name}`, Mode: 'healthiness' as const, Output: '', Timestamp: 0 };
    return { Check: name, ...of, Service: service, Status: 'success' };
  }

  #register(job: Job, group: TaskGroup, AllocID: string): void {
    const all = (group.Services ?? []).map((service) => this.#registration(job, group, AllocID, service));
    const changed = all.filter((one) => {
      const before = this.state.registrations.get(one.ID);
      return before === undefined || before.Tags.join('\n') !== one.Tags.join('\n');
    });
    if (changed.length > 0) this.state.register(...changed);
  }

  #registration(
    job: Job,
    group: TaskGroup,
    AllocID: string,
    { Name, PortLabel, Address, Tags = [] }: JobService,
  ): Omit<Registration, 'CreateIndex' | 'ModifyIndex'> {
    const ID = `_nomad-task-${AllocID}-group-${group.Name}-${Name}-${PortLabel}`;
    const isNumber = /^\d+$/.test(PortLabel);
    const reserved = group.Networks?.flatMap(({ ReservedPorts = [] }) => ReservedPorts) ?? [];
    const Port = isNumber ? Number(PortLabel) : PortLabel === '' ? 0 : this.#portOf(ID, PortLabel, reserved);
    return {
      Address: Address ?? (isNumber ? '' : this.#options.address),
      AllocID,
      Datacenter: this.#options.datacenter,
      ID,
      JobID: job.ID,
      Namespace: job.Namespace ?? 'default',
      NodeID: this.nodeId,
      Port,
      ServiceName: Name,
      Tags,
    };
  }

  #portOf(id: string, label: string, reserved: readonly { readonly Label: string; readonly Value: number }[]): number {
    const known = this.state.registrations.get(id)?.Port ?? reserved.find(({ Label }) => Label === label)?.Value;
    if (known !== undefined) return known;
    this.#port += 1;
    return this.#port;
  }

  #stop(id: string): void {
    this.state.changeAllocation(id, { DesiredStatus: 'stop' });
    const all = [...this.state.registrations.values()].filter(({ AllocID }) => AllocID === id);
    for (const { ID } of all) this.state.deregister([ID]);
    this.state.changeAllocation(id, { ClientStatus: 'complete' });
    this.state.checks.delete(id);
  }
}

function jobKey({ ID, Namespace = 'default' }: Job): string {
  return `${Namespace}/${ID}`;
}
