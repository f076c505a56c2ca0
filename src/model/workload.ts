import type { Health } from './endpoint.ts';
import type { Labels } from './labels.ts';
import type { Locality } from './locality.ts';
import type { Origin } from './origin.ts';

/** Something that runs and can be selected by labels: a Pod, a WorkloadEntry, a Nomad allocation. */
export interface Workload {
  readonly registry: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'pod' | 'workload-entry';
  /** IP addresses, or the DNS name or Unix socket of a WorkloadEntry; the first one is the main one. */
  readonly addresses: readonly string[];
  /** Numbers of named ports. */
  readonly ports: { readonly [name: string]: number };
  readonly labels: Labels;
  readonly locality: Locality;
  readonly network: string;
  readonly serviceAccount: string;
  readonly weight: number;
  readonly health: Health;
  readonly nodeName: string;
  /** A pod's own name in DNS, within the headless service of that name. */
  readonly dnsName?: { readonly hostname: string; readonly subdomain: string };
  /** Its addresses are those of its node, which others have too. */
  readonly sharesAddress?: true;
  readonly cluster: string;
  readonly origin: Origin;
}

/** Istio's annotation of a WorkloadEntry whose condition `Healthy` counts, for `true`. */
export const healthChecked = 'proxy.istio.io/health-checks-enabled';

export function workloadKey({
  registry,
  kind,
  namespace,
  name,
}: Pick<Workload, 'registry' | 'kind' | 'namespace' | 'name'>): string {
  return `${registry}/${kind}/${namespace}/${name}`;
}
