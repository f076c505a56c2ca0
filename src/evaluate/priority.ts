/**
 * How much of a cluster's load each priority takes, by the health of its hosts: Envoy's rules of priority levels,
 * degraded hosts, and panic (documentation of load balancing, "Priority levels" and "Panic threshold").
 */

export interface PriorityHealth {
  readonly hosts: number;
  readonly healthy: number;
  readonly degraded: number;
}

export interface PriorityLoad {
  /** In percent of all calls, to healthy and to degraded hosts. */
  readonly healthy: number;
  readonly degraded: number;
  /** So few hosts are healthy that all are taken alike. */
  readonly isPanicking: boolean;
}

export interface PriorityRules {
  /** 140 means that a priority counts as whole while at least 1/1.4 of its hosts are healthy. */
  readonly overprovisioningPercent: number;
  /** A priority with a smaller part of healthy hosts panics; 0 never does. */
  readonly panicPercent: number;
}

/** In the order of `priorities`, the first of which is tried first. */
export function priorityLoads(priorities: readonly PriorityHealth[], rules: PriorityRules): readonly PriorityLoad[] {
  const { overprovisioningPercent: factor, panicPercent } = rules;
  const available = (count: number, { hosts }: PriorityHealth) =>
    hosts === 0 ? 0 : Math.min(100, Math.floor((factor * count) / hosts));
  const healthy = priorities.map((one) => available(one.healthy, one));
  const degraded = priorities.map((one) => available(one.degraded, one));
  const total = Math.min(100, sum(healthy) + sum(degraded));
  if (total === 0 && panicPercent === 0)
    // Somebody has to take what nobody can take.
    return priorities.map((_, i) => ({ healthy: i === 0 ? 100 : 0, degraded: 0, isPanicking: false }));
  const panics = priorities.map((one) => total < 100 && isPanicking(one, panicPercent));
  if (panics.every((panicking) => panicking)) return loadsInTotalPanic(priorities);
  return spread(healthy, degraded, total).map((load, i) => ({ ...load, isPanicking: panics[i] === true }));
}

function isPanicking({ hosts, healthy, degraded }: PriorityHealth, panicPercent: number): boolean {
  return (hosts === 0 ? 0 : ((healthy + degraded) * 100) / hosts) < panicPercent;
}

/** Each priority takes what it can, healthy hosts of all priorities before degraded ones of any. */
function spread(
  healthy: readonly number[],
  degraded: readonly number[],
  total: number,
): Omit<PriorityLoad, 'isPanicking'>[] {
  let left = 100;
  const take = (available: readonly number[]) =>
    available.map((part) => {
      const load = Math.min(left, Math.floor((part * 100) / total));
      left -= load;
      return load;
    });
  const loads = { healthy: take(healthy), degraded: take(degraded) };
  // What rounding has left over goes to the first that takes anything.
  const first = healthy.findIndex((part) => part > 0);
  return healthy.map((_, i) => ({
    healthy: (loads.healthy[i] ?? 0) + (i === first ? left : 0),
    degraded: (loads.degraded[i] ?? 0) + (first < 0 && i === degraded.findIndex((part) => part > 0) ? left : 0),
  }));
}

/** Everything panics: load follows the number of hosts. */
function loadsInTotalPanic(priorities: readonly PriorityHealth[]): readonly PriorityLoad[] {
  const hosts = sum(priorities.map((one) => one.hosts));
  const loads = priorities.map((one) => (hosts === 0 ? 0 : Math.floor((one.hosts * 100) / hosts)));
  const first = priorities.findIndex((one) => one.hosts > 0);
  const left = 100 - sum(loads);
  return loads.map((load, i) => ({ healthy: load + (i === first ? left : 0), degraded: 0, isPanicking: true }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
