/** Which resources of a cluster are read, and how little of each. */
import { isRecord } from '../lib/schema.ts';
import type { JsonObject } from './read-object.ts';
import type { WatchedResource } from './watched-resource.ts';

function core(plural: string, kind: string): Pick<WatchedResource, 'name' | 'group' | 'kind' | 'paths'> {
  return { name: plural, group: '', kind, paths: [`/api/v1/${plural}`] };
}

/** What every registry of Kubernetes reads: services and what is behind them. */
export const registryResources: readonly WatchedResource[] = [
  core('services', 'Service'),
  {
    name: 'endpointslices.discovery.k8s.io',
    group: 'discovery.k8s.io',
    kind: 'EndpointSlice',
    paths: ['/apis/discovery.k8s.io/v1/endpointslices'],
  },
  {
    ...core('endpoints', 'Endpoints'),
    // Kubernetes writes an EndpointSlice for each of these; since 1.33 they say so.
    labelSelector: 'endpoints.kubernetes.io/managed-by!=endpoint-controller',
    isOptional: true,
  },
  { ...core('pods', 'Pod'), trim: trimPod },
  { ...core('nodes', 'Node'), trim: trimNode, isOptional: true },
  { ...core('namespaces', 'Namespace'), isMetadataOnly: true },
];

/** Certificates and authorities, which only the cluster that also holds the rules is asked for. */
export const secretResources: readonly WatchedResource[] = [
  {
    ...core('secrets', 'Secret'),
    // Most Secrets of a cluster are of these types.
    fieldSelector: 'type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token',
    isOptional: true,
  },
  { ...core('configmaps', 'ConfigMap'), trim: trimConfigMap, isOptional: true },
];

/** Definitions of kinds, by which those that are not there yet are known to come. */
export const definitionResource: WatchedResource = {
  name: 'customresourcedefinitions.apiextensions.k8s.io',
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  paths: ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions'],
  isMetadataOnly: true,
  trim: labelsOnly,
  isOptional: true,
};

/** A kind that a CustomResourceDefinition brings, served in at least one of some versions. */
export function customResource(
  { group, kind, plural }: { readonly group: string; readonly kind: string; readonly plural: string },
  versions: readonly string[],
): WatchedResource {
  const definition = `${plural}.${group}`;
  const paths = versions.map((version) => `/apis/${group}/${version}/${plural}`);
  return { name: definition, group, kind, paths, definition };
}

function pick(value: unknown, names: readonly string[]): JsonObject {
  if (!isRecord(value)) return {};
  return Object.fromEntries(names.flatMap((name) => (name in value ? [[name, value[name]]] : [])));
}

const identity = ['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'labels'];

/** The status of a Pod changes many times a minute in what concerns nobody here: what is left out is no change. */
function trimPod({ apiVersion, kind, metadata, spec, status }: JsonObject): JsonObject {
  const containers = isRecord(spec) && Array.isArray(spec.containers) ? spec.containers : [];
  const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  return {
    apiVersion,
    kind,
    metadata: pick(metadata, [...identity, 'ownerReferences']),
    spec: {
      ...pick(spec, ['serviceAccountName', 'nodeName', 'hostname', 'subdomain', 'hostNetwork']),
      containers: containers.map((container: unknown) => pick(container, ['ports'])),
    },
    status: {
      ...pick(status, ['phase', 'podIP', 'podIPs']),
      conditions: conditions.flatMap((condition: unknown) =>
        isRecord(condition) && condition.type === 'Ready' ? [pick(condition, ['type', 'status'])] : [],
      ),
    },
  };
}

/** Of a Node only where it is, and where it is reached: for gateways without a load balancer. */
function trimNode({ apiVersion, kind, metadata, status }: JsonObject): JsonObject {
  return { apiVersion, kind, metadata: pick(metadata, identity), status: pick(status, ['addresses']) };
}

/** Of a ConfigMap only authorities are read. */
function trimConfigMap({ apiVersion, kind, metadata, data }: JsonObject): JsonObject {
  return {
    apiVersion,
    kind,
    metadata: pick(metadata, identity),
    data: pick(data, ['cacert', 'ca.crt', 'crl', 'ca.crl']),
  };
}

function labelsOnly({ apiVersion, kind, metadata }: JsonObject): JsonObject {
  return { apiVersion, kind, metadata: pick(metadata, identity) };
}
