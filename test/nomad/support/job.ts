/** Jobs as Nomad takes them: enough for a real one, of which the stand-in reads what it acts upon. */
import type { Job, JobService } from './nomad-jobs.ts';

export interface JobOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly count?: number;
  readonly services: readonly JobService[];
  /** The port at the node of the label `http`; one that is free when absent. */
  readonly port?: number;
}

const second = 1_000_000_000;

export function jobOf({ name, namespace = 'default', count = 1, services, port }: JobOptions): Job {
  const ports =
    port === undefined ? { DynamicPorts: [{ Label: 'http' }] } : { ReservedPorts: [{ Label: 'http', Value: port }] };
  const group = {
    Name: 'g',
    Count: count,
    RestartPolicy: { Attempts: 0, Mode: 'fail', Interval: 60 * second, Delay: second },
    Networks: [{ Mode: 'host', ...ports }],
    Services: services.map((service) => ({ Provider: 'nomad', ...service })),
    Tasks: [
      {
        Name: 't',
        Driver: 'raw_exec',
        Config: { command: 'sleep', args: ['3600'] },
        KillTimeout: second,
        Resources: { CPU: 20, MemoryMB: 20 },
      },
    ],
  };
  // What the stand-in does not read is no part of its type.
  const job = { Name: name, Type: 'service', Datacenters: ['*'] };
  return { ...job, ID: name, Namespace: namespace, TaskGroups: [group] };
}
