/** The names by which proxies, tools and dashboards know generated resources. They are a public contract. */

import { isKubernetes } from '../model/cluster.ts';
import type { Hostname } from '../model/hostname.ts';
import { isCatalog } from '../model/registry-kind.ts';
import type { Service, ServicePort } from '../model/service.ts';

export function outboundCluster(port: number, subset: string, host: Hostname): string {
  return `outbound|${port}|${subset}|${host}`;
}

export interface ClusterName {
  readonly port: number;
  readonly subset: string;
  readonly host: Hostname;
}

/** The parts of an outbound cluster's name; undefined for any other name. */
export function parseOutboundCluster(name: string): ClusterName | undefined {
  const match = /^outbound(?:_\.(\d+)_\.(.*?)_\.|\|(\d+)\|([^|]*)\|)(.+)$/.exec(name);
  if (match === null) return undefined;
  return { port: Number(match[1] ?? match[3]), subset: match[2] ?? match[4] ?? '', host: match[5] ?? '' };
}

export function inboundCluster(targetPort: number): string {
  return `inbound|${targetPort}||`;
}

/** The server name by which a gateway that passes TLS through finds a cluster. */
export function sniCluster(port: number, subset: string, host: Hostname): string {
  return `outbound_.${port}_.${subset}_.${host}`;
}

export const passthrough = 'PassthroughCluster';
export const blackHole = 'BlackHoleCluster';
/** Asks DNS for the host that a request names. */
export const byDns = 'AllowAnyDynamicDNSCluster';
export const inboundPassthrough = 'InboundPassthroughCluster';

/** Where an object of Istio's networking API is found on an API server. */
export function apiPath(
  kind: 'virtual-service' | 'destination-rule' | 'sidecar' | 'gateway',
  namespace: string,
  name: string,
): string {
  return `/apis/networking.istio.io/v1/namespaces/${namespace}/${kind}/${name}`;
}

/** What telemetry calls a service: its object's name for Kubernetes, its host for anything else. */
export function telemetryName({ registry, name, hostname }: Service): string {
  return isKubernetes(registry) ? name : hostname;
}

/** What statistics call a service: its object's name, or the first label of its host where a catalog may name it differently. */
function shortName({ registry, name, hostname }: Service): string {
  return isCatalog(registry) ? (hostname.split('.')[0] ?? hostname) : name;
}

/** The name of a cluster in statistics; patterns are those of Istio's MeshConfig, the final `;` ends it for tag rules. */
export function statName(
  pattern: string,
  cluster: string,
  service: Service,
  port: ServicePort,
  subset: string,
): string {
  if (pattern === '') return `${cluster};`;
  const values: { readonly [placeholder: string]: string } = {
    '%SERVICE%': service.hostname.endsWith(`.${service.namespace}.svc.cluster.local`)
      ? `${shortName(service)}.${service.namespace}`
      : service.hostname,
    '%SERVICE_NAME%': shortName(service),
    '%SERVICE_FQDN%': service.hostname,
    '%SERVICE_PORT%': String(port.number),
    '%TARGET_PORT%': String(port.targetPort ?? port.number),
    '%SERVICE_PORT_NAME%': port.name,
    '%SUBSET_NAME%': subset,
  };
  return `${pattern.replace(/%[A-Z_]+%/g, (placeholder) => values[placeholder] ?? placeholder)};`;
}
