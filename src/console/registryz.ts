/** /debug/registryz: every service that a registry reports, in the form of Istio's model. */
import { isKubernetes } from '../model/cluster.ts';
import { originKey } from '../model/origin.ts';
import { isStated } from '../model/registry-kind.ts';
import type { Resolution, Service } from '../model/service.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';

/** Istio's numbers for how endpoints are found. */
const resolutions: { readonly [resolution in Resolution]: number } = {
  static: 0,
  dns: 1,
  passthrough: 2,
  'dns-round-robin': 3,
  alias: 4,
  'dynamic-dns': 5,
};

export function registryzPage({ services, cluster }: ConsoleData): Answer {
  return () => json([...services()].sort(byHostname).map((service) => registryService(service, cluster)));
}

/** A registry as Istio calls it; a catalog by its own name. */
export function providerOf(registry: string): string {
  return isKubernetes(registry) ? 'Kubernetes' : isStated(registry) ? 'External' : registry;
}

function byHostname(a: Service, b: Service): number {
  return a.hostname < b.hostname ? -1 : a.hostname > b.hostname ? 1 : a.namespace < b.namespace ? -1 : 1;
}

function registryService(service: Service, cluster: string): object {
  const { registry, name, namespace, labels, exportTo, ports, createdAt, hostname, addresses } = service;
  return {
    Attributes: {
      ServiceRegistry: providerOf(registry),
      Name: name,
      Namespace: namespace,
      Labels: labels,
      ExportTo: exportTo ?? null,
      LabelSelectors: service.selector ?? null,
    },
    ports: ports.map(({ name: portName, number, protocol }) => ({ name: portName, port: number, protocol })),
    creationTime: createdAt === 0 ? null : new Date(createdAt).toISOString(),
    hostname,
    clusterVIPs: { Addresses: addresses.length === 0 ? null : { [cluster]: addresses } },
    defaultAddress: addresses[0] ?? (service.isHeadless ? 'None' : '0.0.0.0'),
    Resolution: resolutions[service.resolution],
    MeshExternal: service.isExternal,
    origin: originKey(service.origin),
    ...(service.origin.file === undefined ? {} : { file: `${service.origin.file}:${service.origin.line ?? 1}` }),
  };
}
