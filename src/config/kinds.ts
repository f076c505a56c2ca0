/** The kinds of Istio's API: schema, checks, and whether this version executes them. */
import type { Infer, Schema } from '../lib/schema.ts';
import { checkAuthorizationPolicy } from './check/authorization-policy.ts';
import type { Check } from './check/check.ts';
import { checkDestinationRule } from './check/destination-rule.ts';
import { checkEnvoyFilter } from './check/envoy-filter.ts';
import { checkGateway } from './check/gateway.ts';
import { checkPeerAuthentication, checkRequestAuthentication } from './check/security.ts';
import { checkServiceEntry } from './check/service-entry.ts';
import { checkSidecar } from './check/sidecar.ts';
import { checkVirtualService } from './check/virtual-service.ts';
import { checkProxyConfig, checkWorkloadEntry, checkWorkloadGroup } from './check/workload-entry.ts';
import { destinationRule } from './destination-rule.ts';
import { envoyFilter, proxyConfig, workloadGroup } from './envoy-filter.ts';
import { gateway } from './gateway.ts';
import { authorizationPolicy, peerAuthentication, requestAuthentication } from './security.ts';
import { serviceEntry, workloadEntry } from './service-entry.ts';
import { sidecar } from './sidecar.ts';
import { telemetry } from './telemetry.ts';
import { virtualService } from './virtual-service.ts';
import { wasmPlugin } from './wasm-plugin.ts';

interface KindDefinition<T> {
  readonly group: string;
  /** `pending`: known and checked, with a warning that it does not act yet. */
  readonly status: 'executed' | 'pending';
  readonly schema: Schema<T>;
  readonly check: (spec: T, check: Check) => void;
}

const networking = 'networking.istio.io';
const security = 'security.istio.io';

function executed<T>(schema: Schema<T>, check: (spec: T, check: Check) => void): KindDefinition<T> {
  return { group: networking, status: 'executed', schema, check };
}

function pending<T>(
  group: string,
  schema: Schema<T>,
  check: (spec: T, check: Check) => void = () => {},
): KindDefinition<T> {
  return { group, status: 'pending', schema, check };
}

export const kinds = {
  VirtualService: executed(virtualService, checkVirtualService),
  DestinationRule: executed(destinationRule, checkDestinationRule),
  ServiceEntry: executed(serviceEntry, checkServiceEntry),
  WorkloadEntry: executed(workloadEntry, checkWorkloadEntry),
  Gateway: executed(gateway, checkGateway),
  Sidecar: executed(sidecar, checkSidecar),
  EnvoyFilter: executed(envoyFilter, checkEnvoyFilter),
  WorkloadGroup: executed(workloadGroup, checkWorkloadGroup),
  ProxyConfig: pending(networking, proxyConfig, checkProxyConfig),
  PeerAuthentication: pending(security, peerAuthentication, checkPeerAuthentication),
  RequestAuthentication: pending(security, requestAuthentication, checkRequestAuthentication),
  AuthorizationPolicy: pending(security, authorizationPolicy, checkAuthorizationPolicy),
  Telemetry: pending('telemetry.istio.io', telemetry),
  WasmPlugin: pending('extensions.istio.io', wasmPlugin),
} as const;

export type Kind = keyof typeof kinds;
export type Spec<K extends Kind> = Infer<(typeof kinds)[K]['schema']>;

/** The kind of an object, if it is one of Istio's. A Gateway of the Kubernetes Gateway API is not. */
export function istioKind({ group, kind }: { readonly group: string; readonly kind: string }): Kind | undefined {
  return Object.hasOwn(kinds, kind) && kinds[kind as Kind].group === group ? (kind as Kind) : undefined;
}
