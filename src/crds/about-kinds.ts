/** What each kind is for, in a sentence. */
import type { Kind } from '../config/kinds.ts';

export const aboutKinds: { readonly [kind in Kind]: string } = {
  VirtualService: 'Says where requests to some hosts go, and what is done with them on the way.',
  DestinationRule: 'Says how connections to a host are made, and which subsets of its endpoints there are.',
  ServiceEntry: 'Makes a service known to the mesh that no registry knows.',
  WorkloadEntry: 'Makes a workload known to the mesh that is no pod, such as a virtual machine.',
  Gateway: 'Says which hosts proxies at the edge of the mesh serve, at which ports and with which certificates.',
  Sidecar: 'Says what the sidecars of some workloads serve, and which hosts they know.',
  EnvoyFilter: 'Changes what proxies are given, in the terms of Envoy.',
  WorkloadGroup: 'Describes workloads that are no pods, for those that register themselves.',
  ProxyConfig: 'Says how the proxies of some workloads are run.',
  PeerAuthentication: 'Says which workloads ask their clients for mutual TLS.',
  RequestAuthentication: 'Says which tokens requests may carry.',
  AuthorizationPolicy: 'Says who may ask what of which workloads.',
  Telemetry: 'Says what is told about requests: traces, metrics and access logs.',
  WasmPlugin: 'Adds a filter in WebAssembly to proxies.',
};
