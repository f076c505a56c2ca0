import { itemsIn } from '../../lib/comma-list.ts';
import { isRecord } from '../../lib/schema.ts';
import type { Hostname } from '../../model/hostname.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import { kubernetesProtocol } from '../../model/protocol.ts';
import type { Service, ServicePort, TrafficDistribution } from '../../model/service.ts';
import type { KubernetesService } from './schema.ts';

/** The host name by which Kubernetes' DNS knows a Service. */
export function serviceHostname(name: string, namespace: string, domainSuffix: string): Hostname {
  return `${name}.${namespace}.svc.${domainSuffix}`.toLowerCase();
}

/** A Kubernetes Service as a row. */
export function toService(
  object: KubernetesObject,
  { spec = {}, status }: KubernetesService,
  registry: string,
  domainSuffix: string,
): Service {
  const { name, namespace, createdAt, labels, annotations, origin } = object;
  const isAlias = spec.type === 'ExternalName';
  const isHeadless = spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';
  const exportTo = itemsIn(annotations['networking.istio.io/exportTo'] ?? '');
  const distribution = trafficDistribution(
    spec.trafficDistribution ?? annotations['networking.istio.io/traffic-distribution'],
  );
  const external = externalAddresses(spec, status);
  return {
    registry,
    hostname: serviceHostname(name, namespace, domainSuffix),
    namespace,
    name,
    ports: (spec.ports ?? []).map(toPort),
    addresses: isHeadless || isAlias ? [] : virtualAddresses(spec.clusterIPs, spec.clusterIP),
    resolution: isAlias ? 'alias' : isHeadless ? 'passthrough' : 'static',
    isExternal: false,
    isHeadless,
    ...(exportTo.length === 0 ? {} : { exportTo }),
    createdAt,
    labels,
    ...(spec.selector === undefined || Object.keys(spec.selector).length === 0
      ? {}
      : { selector: spec.selector, selects: 'workload-entries' as const }),
    ...(isAlias && spec.externalName !== undefined ? { aliasOf: spec.externalName.toLowerCase() } : {}),
    ...(spec.internalTrafficPolicy === 'Local' ? { isNodeLocal: true } : {}),
    ...(distribution === undefined ? {} : { trafficDistribution: distribution }),
    ...(external.length === 0 ? {} : { external: { addresses: external } }),
    ...(spec.publishNotReadyAddresses === true ? { publishNotReadyAddresses: true } : {}),
    origin,
  };
}

type Spec = NonNullable<KubernetesService['spec']>;

/** Those of its load balancer, then those that its nodes were given. */
function externalAddresses({ type, externalIPs = [] }: Spec, status: unknown): readonly string[] {
  const balancer = isRecord(status) && isRecord(status.loadBalancer) ? status.loadBalancer.ingress : undefined;
  const given = type === 'LoadBalancer' && Array.isArray(balancer) ? balancer : [];
  const addresses = given.filter(isRecord).flatMap(({ ip, hostname }) => [ip, hostname].filter(isText).slice(0, 1));
  return [...new Set([...addresses, ...externalIPs].map((address) => address.toLowerCase()))];
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

type Ports = NonNullable<Spec['ports']>;

function toPort({ name = '', port, targetPort, protocol = 'TCP', appProtocol }: Ports[number]): ServicePort {
  return {
    number: port,
    name,
    protocol: kubernetesProtocol({ number: port, name, transport: protocol, appProtocol }),
    ...(targetPort === undefined || targetPort === 0 || targetPort === ''
      ? {}
      : { targetPort: numberOrName(targetPort) }),
  };
}

/** A number that somebody has put into quotes is one all the same. */
function numberOrName(targetPort: number | string): number | string {
  return typeof targetPort === 'string' && /^\d+$/.test(targetPort) ? Number(targetPort) : targetPort;
}

function virtualAddresses(clusterIPs: readonly string[] | undefined, clusterIP: string | undefined): readonly string[] {
  const addresses = clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]);
  return addresses.filter((address) => address !== '' && address !== 'None');
}

/** Kubernetes' names of today and those that they replace; anything else asks for nothing. */
export function trafficDistribution(name: string | undefined): TrafficDistribution | undefined {
  switch (name) {
    case 'PreferClose':
      return 'PreferClose';
    case 'PreferSameZone':
      return 'PreferSameZone';
    case 'PreferSameNode':
      return 'PreferSameNode';
    default:
      return name === undefined || name === '' ? undefined : 'any';
  }
}
