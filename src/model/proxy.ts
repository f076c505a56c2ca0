import type { GatewayTopology } from './gateway-topology.ts';
import type { Labels } from './labels.ts';
import type { Locality } from './locality.ts';

/** A connected proxy, as its node message describes it. */
export interface Proxy {
  /** Unique among connections: `pod.namespace-7`. */
  readonly connection: string;
  readonly nodeId: string;
  readonly type: 'sidecar' | 'router';
  /** `pod.namespace` */
  readonly name: string;
  readonly namespace: string;
  /** The DNS domain of its namespace, such as `shop.svc.cluster.local`. */
  readonly domain: string;
  /** Its own addresses, the main one first. */
  readonly addresses: readonly string[];
  readonly labels: Labels;
  /** Numbers of the named ports of its pod, as its agent knows them. */
  readonly podPorts?: { readonly [name: string]: number };
  readonly locality: Locality;
  readonly network: string;
  /** The networks that it wants to know of, sorted; all when absent. */
  readonly networkView?: readonly string[];
  readonly cluster: string;
  readonly nodeName: string;
  readonly serviceAccount: string;
  readonly meshId: string;
  /** Istio's, as its metadata say. */
  readonly version: string;
  /** Of the Envoy itself, when it says so: `1.40.0`. */
  readonly envoyVersion?: string;
  /** Those of its metadata that are texts, by name. */
  readonly metadata: Labels;
  /** How connections reach it: by iptables, transparently, or only where it listens for them. */
  readonly interception: 'REDIRECT' | 'TPROXY' | 'NONE';
  /** Where it serves as an HTTP proxy; overrides the mesh's setting. */
  readonly httpProxyPort?: number;
  /** Ports of its own that no listener may take. */
  readonly reservedPorts: readonly number[];
  /** It cannot bind ports below 1024. */
  readonly isUnprivileged: boolean;
  readonly speaksHttp10: boolean;
  readonly capturesDns: boolean;
  /**
   * What plays 127.0.0.1 for it: where it listens for its application. Several workloads that share one loopback
   * interface, as under `fairway up`, each have an address of their own. Absent for 127.0.0.1.
   */
  readonly loopback?: string;
  /** Where its application listens; 127.0.0.1 unless several applications share one loopback interface. */
  readonly application: string;
  /** Its agent probes the application, and says how that is. */
  readonly isProbed?: true;
  /** The mesh's when absent. */
  readonly gateway?: GatewayTopology;
}
