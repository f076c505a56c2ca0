/** A local pod as an instance of a service in Consul. https://developer.hashicorp.com/consul/api-docs/agent/service */
import { kubernetesProtocol } from '../model/protocol.ts';
import type { PodState } from './endpoint-slices.ts';
import type { Pod } from './pod.ts';

/** The body of `PUT /v1/agent/service/register`. */
export interface Registration {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  readonly Port: number;
  readonly Meta: { readonly [key: string]: string };
  readonly Check: {
    readonly CheckID: string;
    readonly Name: string;
    readonly TTL: string;
    readonly Status: 'passing' | 'critical';
    readonly Notes: string;
  };
}

/**
 * The check is told of each change of readiness and of nothing else, so that it holds what somebody says of it by hand until then;
 * Consul has no check without an end, and this one is far off.
 */
const ttl = '8760h';

/** Consul takes letters, digits, dashes and underscores in keys of metadata. */
const metaKey = /^[A-Za-z0-9_-]{1,128}$/;

/** The labels of a pod are its metadata, as far as Consul takes their names, and beside them what Fairway reads there. */
export function registrationOf({ pod, isReady }: PodState): Registration {
  const { labels, serviceAccount, ports } = pod.workload;
  const [{ name = '', containerPort: port = 0, protocol: transport = 'TCP' } = {}] = ports;
  const spoken = kubernetesProtocol({ number: port, name, transport });
  return {
    ID: pod.name,
    Name: serviceName(pod),
    Address: pod.ip,
    Port: port,
    Meta: {
      ...Object.fromEntries(Object.entries(labels).filter(([key]) => metaKey.test(key))),
      ...(spoken === 'auto' ? {} : { 'istio-protocol': spoken.toLowerCase() }),
      'istio-service-account': serviceAccount,
    },
    Check: {
      CheckID: checkId(pod),
      Name: 'ready',
      TTL: ttl,
      Status: isReady ? 'passing' : 'critical',
      Notes: 'what fairway up finds: the application and its Envoy serve',
    },
  };
}

/** What the pod says, the label `app`, or the workload's name. */
export function serviceName({ workload }: Pod): string {
  return workload.service ?? workload.labels.app ?? workload.name;
}

export function checkId(pod: Pod): string {
  return `service:${pod.name}`;
}
