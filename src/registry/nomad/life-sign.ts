/**
 * Whether what is registered lives. Nomad's list of a service tells nothing of that: an instance stays in it while its checks fail,
 * and after an outage of servers or of its node also when nothing runs any more. Two other sources know: the allocation that has
 * registered it, and the checks of that allocation.
 */
import type { Health } from '../../model/endpoint.ts';
import type { Allocation, Checks, Registration } from './schema.ts';

export interface LifeSign {
  readonly health: Health;
  /** What is found in the place of an allocation that runs, so that nothing can be there; undefined when one runs. */
  readonly zombie?: string;
}

/** What is known of the allocation of a registration. */
export type KnownAllocation =
  /** Allocations cannot be read, or not yet those that there were at the time of the registration. */
  'not known' | 'gone' | Allocation;

export function lifeSign(
  { AllocID = '', ServiceName }: Pick<Registration, 'AllocID' | 'ServiceName'>,
  allocation: KnownAllocation,
  checks: Checks | undefined,
): LifeSign {
  if (allocation === 'not known') return { health: healthBy(checks, ServiceName) ?? 'unknown' };
  if (allocation === 'gone') return zombie(`no allocation ${AllocID} any more`);
  const { ClientStatus, DesiredStatus = 'run' } = allocation;
  switch (ClientStatus) {
    case 'running':
      // A check that has not failed yet does not make good that the allocation is about to go.
      if (DesiredStatus !== 'run')
        return { health: healthBy(checks, ServiceName) === 'unhealthy' ? 'unhealthy' : 'draining' };
      return { health: healthBy(checks, ServiceName) ?? 'healthy' };
    case 'pending':
      // Services of a group are registered before its tasks are started.
      return { health: 'unhealthy' };
    case 'unknown':
      return zombie(`allocation ${AllocID} on a node that cannot be reached`);
    default:
      return zombie(`allocation ${AllocID}, which is ${ClientStatus}`);
  }
}

function zombie(reason: string): LifeSign {
  return { health: 'unhealthy', zombie: reason };
}

/** What the checks of a service say; undefined when it has none. One that has not run yet may turn out either way. */
function healthBy(checks: Checks | undefined, service: string): Health | undefined {
  const statuses = Object.values(checks ?? {}).flatMap(({ Service, Status }) => (Service === service ? Status : []));
  if (statuses.length === 0) return undefined;
  return statuses.every((status) => status === 'success') ? 'healthy' : 'unhealthy';
}
