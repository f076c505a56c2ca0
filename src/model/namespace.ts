import type { Labels } from './labels.ts';
import type { TrafficDistribution } from './service.ts';

/** A namespace as a platform reports it; services may live in namespaces that no platform reports. */
export interface Namespace {
  /** Which cluster reports it. */
  readonly registry: string;
  readonly name: string;
  readonly labels: Labels;
  readonly trafficDistribution?: TrafficDistribution;
}

/** The key of a namespace's row: a name stands for one namespace, which several clusters may report. */
export function namespaceKey({ registry, name }: Pick<Namespace, 'registry' | 'name'>): string {
  return `${registry}/${name}`;
}
