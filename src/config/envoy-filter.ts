/** EnvoyFilter, ProxyConfig and WorkloadGroup: their schemas. */
import { enumOf, type Infer, int32, list, map, object, string, struct, uint32 } from '../lib/schema.ts';
import * as about from './about/envoy-filter.ts';
import { selector, targetRef } from './security.ts';
import { workloadEntry } from './service-entry.ts';

const envoyMatch = object(
  {
    context: enumOf('ANY', 'SIDECAR_INBOUND', 'SIDECAR_OUTBOUND', 'GATEWAY', 'WAYPOINT'),
    proxy: object({ proxyVersion: string, metadata: map(string) }),
    listener: object({
      portNumber: uint32,
      portName: string,
      name: string,
      listenerFilter: string,
      filterChain: object({
        name: string,
        sni: string,
        transportProtocol: string,
        applicationProtocols: string,
        destinationPort: uint32,
        filter: object({ name: string, subFilter: object({ name: string }) }),
      }),
    }),
    routeConfiguration: object({
      portNumber: uint32,
      portName: string,
      gateway: string,
      name: string,
      vhost: object({
        name: string,
        domainName: string,
        route: object({ name: string, action: enumOf('ANY', 'ROUTE', 'REDIRECT', 'DIRECT_RESPONSE') }),
      }),
    }),
    cluster: object({ portNumber: uint32, service: string, subset: string, name: string }),
    waypoint: struct,
  },
  { about: about.envoyMatch },
);

const configPatch = object(
  {
    applyTo: enumOf(
      'INVALID',
      'LISTENER',
      'FILTER_CHAIN',
      'NETWORK_FILTER',
      'HTTP_FILTER',
      'ROUTE_CONFIGURATION',
      'VIRTUAL_HOST',
      'HTTP_ROUTE',
      'CLUSTER',
      'EXTENSION_CONFIG',
      'BOOTSTRAP',
      'LISTENER_FILTER',
    ),
    match: envoyMatch,
    patch: object({
      operation: enumOf(
        'INVALID',
        'MERGE',
        'ADD',
        'REMOVE',
        'INSERT_BEFORE',
        'INSERT_AFTER',
        'INSERT_FIRST',
        'REPLACE',
        'MERGE_AND_REPLACE_LIST',
      ),
      value: struct,
      filterClass: enumOf('UNSPECIFIED', 'AUTHN', 'AUTHZ', 'STATS'),
    }),
  },
  { about: about.configPatch },
);

export const envoyFilter = object(
  {
    workloadSelector: object({ labels: map(string) }),
    targetRefs: list(targetRef),
    configPatches: list(configPatch),
    priority: int32,
  },
  { about: about.envoyFilter },
);

export const proxyConfig = object(
  {
    selector,
    concurrency: int32,
    environmentVariables: map(string),
    image: object({ imageType: string }),
  },
  { about: about.proxyConfig },
);

const readinessProbe = object(
  {
    initialDelaySeconds: int32,
    timeoutSeconds: int32,
    periodSeconds: int32,
    successThreshold: int32,
    failureThreshold: int32,
    httpGet: object({
      path: string,
      port: uint32,
      host: string,
      scheme: string,
      httpHeaders: list(object({ name: string, value: string })),
    }),
    tcpSocket: object({ host: string, port: uint32 }),
    exec: object({ command: list(string) }),
    grpc: object({ port: uint32, service: string }),
  },
  { about: about.readinessProbe, exclusive: [['httpGet', 'tcpSocket', 'exec', 'grpc']] },
);

export const workloadGroup = object(
  {
    metadata: object({ labels: map(string), annotations: map(string) }),
    template: workloadEntry,
    probe: readinessProbe,
  },
  { about: about.workloadGroup },
);

export type EnvoyFilter = Infer<typeof envoyFilter>;
export type ConfigPatch = Infer<typeof configPatch>;
export type ProxyConfig = Infer<typeof proxyConfig>;
export type WorkloadGroup = Infer<typeof workloadGroup>;
