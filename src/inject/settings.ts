/** What holds for all pods that are injected. */
import type { ProxyConfig } from '../agent/proxy-config.ts';
import type { LogLevels } from './log-levels.ts';
import type { Resources } from './resources.ts';
import type { PodFragment } from './template.ts';

export interface InjectionSettings {
  /** With Fairway and Envoy in it. */
  readonly image: string;
  /** When nodes fetch it; as they do when absent. */
  readonly pullPolicy?: PullPolicy;
  /** Of both containers, where a pod says nothing; `usualResources` when absent. */
  readonly resources?: Resources;
  /** Which pods are ours, where several control planes inject; `default` for those that name none. */
  readonly revision: string;
  /** Whether the API has sidecars among init containers: Kubernetes 1.29 and newer. */
  readonly hasNativeSidecars: boolean;
  readonly cluster: string;
  readonly network?: string;
  readonly domainSuffix: string;
  /** Where proxies reach the control plane, `host:port`, whatever the MeshConfig says; as it says, else the usual one, when absent. */
  readonly discoveryAddress?: string;
  /** Where a pod says nothing. */
  readonly logLevels?: LogLevels;
  readonly mesh: InjectedMesh;
  /** What is laid over every injected pod. */
  readonly template?: PodFragment;
}

export const pullPolicies = ['Always', 'IfNotPresent', 'Never'] as const;
export type PullPolicy = (typeof pullPolicies)[number];

/** What the MeshConfig says of proxies. */
export interface InjectedMesh {
  readonly defaultConfig: ProxyConfig;
  readonly mergesMetrics: boolean;
  readonly trustDomain?: string;
  /** Where Envoy listens for what leaves a pod, and for what comes into it; Istio's ports when absent. */
  readonly listenPort?: number;
  readonly inboundListenPort?: number;
}

/** Where the chart puts the control plane. */
export const usualDiscoveryAddress = 'fairway.istio-system.svc:15010';

/** What a pod names when it names no revision. */
export const defaultRevision = 'default';
