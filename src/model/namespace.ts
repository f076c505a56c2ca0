import type { Labels } from './labels.ts';
import type { TrafficDistribution } from './service.ts';

/** A namespace as a platform reports it; services may live in namespaces that no platform reports. */
export interface Namespace {
  readonly name: string;
  readonly labels: Labels;
  readonly trafficDistribution?: TrafficDistribution;
}
