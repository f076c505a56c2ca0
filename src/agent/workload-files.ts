/** What the agent of a workload of a WorkloadGroup is told by files, as Istio's tools write them: the group in its own words. */
import { stringify } from 'yaml';
import type { Labels } from '../model/labels.ts';

export interface WorkloadFilesOptions {
  readonly group: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Labels;
    readonly serviceAccount: string;
    readonly network: string;
    /** As it was written. */
    readonly probe?: unknown;
  };
  /** `host:port` */
  readonly discoveryAddress: string;
  readonly cluster: string;
  /** Where every connection of the machine goes through Envoy, questions to DNS too. */
  readonly isIntercepted: boolean;
  /** What is of one machine; left to it where absent. */
  readonly name?: string;
  readonly ip?: string;
}

/** Something that no file can hold; the message says what. */
export class WorkloadFilesError extends Error {
  override readonly name = 'WorkloadFilesError';
}

/**
 * By file name: variables for the process, one a line, in quotes that shells and systemd read alike; and its ProxyConfig.
 * Throws WorkloadFilesError.
 */
export function workloadFiles(options: WorkloadFilesOptions): { readonly [file: string]: string } {
  const { group, discoveryAddress, cluster, isIntercepted, name = '', ip = '' } = options;
  const variables = {
    ISTIO_META_AUTO_REGISTER_GROUP: group.name,
    ISTIO_META_CLUSTER_ID: cluster,
    ISTIO_META_WORKLOAD_NAME: group.name,
    ISTIO_META_NETWORK: group.network,
    ISTIO_META_INTERCEPTION_MODE: isIntercepted ? 'REDIRECT' : 'NONE',
    ISTIO_META_DNS_CAPTURE: isIntercepted ? 'true' : '',
    ISTIO_METAJSON_LABELS: JSON.stringify(group.labels),
    POD_NAMESPACE: group.namespace,
    SERVICE_ACCOUNT: group.serviceAccount,
    POD_NAME: name,
    INSTANCE_IP: ip,
  };
  const stated = Object.entries(variables).filter(([, value]) => value !== '' && value !== '{}');
  // A shell would run what stands behind a quote.
  const [wrong] = stated.filter(([, value]) => /['\r\n\0]/.test(value));
  if (wrong !== undefined)
    throw new WorkloadFilesError(
      `expected ${wrong[0]} without quotes and line ends, found ${JSON.stringify(wrong[1])}`,
    );
  const config = { discoveryAddress, ...(group.probe === undefined ? {} : { readinessProbe: group.probe }) };
  return {
    'cluster.env': stated.map(([key, value]) => `${key}='${value}'\n`).join(''),
    'proxy-config.yaml': stringify(config),
  };
}
