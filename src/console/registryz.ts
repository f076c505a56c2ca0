/** /debug/registryz: every service that a registry reports, in the form of Istio's model. */
import { compareTexts } from '../lib/compare.ts';
import { ensure } from '../lib/ensure.ts';
import { kubernetesCluster } from '../model/cluster.ts';
import { originKey } from '../model/origin.ts';
import { type Resolution, type Service, youngest } from '../model/service.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';
import { platformOf, registryVisibility, statedBy } from './registries.ts';
import { visibilityFields } from './sources.ts';

/** Istio's numbers for how endpoints are found. */
const resolutions: { readonly [resolution in Resolution]: number } = {
  static: 0,
  dns: 1,
  passthrough: 2,
  'dns-round-robin': 3,
  alias: 4,
  'dynamic-dns': 5,
};

export function registryzPage({ services, sources, cluster }: ConsoleData): Answer {
  return () => {
    const known = sources();
    const visibility = new Map<string, object>();
    const stated = (registry: string) =>
      ensure(visibility, registry, () => visibilityFields(registryVisibility(registry, known, cluster)));
    return json(
      [...services()].sort(byHostname).map((service) => ({
        ...registryService(service, cluster),
        registry: statedBy(service),
        freshness: stated(statedBy(service)),
      })),
    );
  };
}

function byHostname(a: Service, b: Service): number {
  return (
    compareTexts(a.hostname, b.hostname) ||
    compareTexts(a.namespace, b.namespace) ||
    compareTexts(a.registry, b.registry)
  );
}

function registryService(service: Service, cluster: string): object {
  const { registry, name, namespace, labels, exportTo, ports, createdAt, hostname, addresses } = service;
  return {
    Attributes: {
      ServiceRegistry: platformOf(registry),
      Name: name,
      Namespace: namespace,
      Labels: labels,
      ExportTo: exportTo ?? null,
      LabelSelectors: service.selector ?? null,
    },
    ports: ports.map(({ name: portName, number, protocol }) => ({ name: portName, port: number, protocol })),
    creationTime: createdAt === 0 || createdAt === youngest ? null : new Date(createdAt).toISOString(),
    hostname,
    clusterVIPs: { Addresses: addresses.length === 0 ? null : { [kubernetesCluster(registry) || cluster]: addresses } },
    defaultAddress: addresses[0] ?? (service.isHeadless ? 'None' : '0.0.0.0'),
    Resolution: resolutions[service.resolution],
    MeshExternal: service.isExternal,
    origin: originKey(service.origin),
    ...(service.origin.file === undefined ? {} : { file: `${service.origin.file}:${service.origin.line ?? 1}` }),
  };
}
