import type { Config } from '../../config/config.ts';
import type { ServiceEntry, ServiceEntryPort } from '../../config/service-entry.ts';
import { isRecord } from '../../lib/schema.ts';
import { isWildcard } from '../../model/hostname.ts';
import { parseProtocol } from '../../model/protocol.ts';
import { statedRegistry } from '../../model/registry-kind.ts';
import type { Resolution, Service, ServicePort } from '../../model/service.ts';

const resolutions: { readonly [name in NonNullable<ServiceEntry['resolution']>]: Resolution } = {
  NONE: 'passthrough',
  STATIC: 'static',
  DNS: 'dns',
  DNS_ROUND_ROBIN: 'dns-round-robin',
  DYNAMIC_DNS: 'dynamic-dns',
};

/** The services of a ServiceEntry: one for each of its hosts. */
export function toServices(config: Config<ServiceEntry>): readonly Service[] {
  const { spec, namespace, name, createdAt, labels, origin } = config;
  const {
    hosts = [],
    addresses = [],
    ports = [],
    resolution = 'NONE',
    location,
    exportTo,
    workloadSelector,
    subjectAltNames,
  } = spec;
  return hosts.map((host) => ({
    registry: statedRegistry,
    hostname: host.toLowerCase(),
    namespace,
    name,
    ports: ports.map(toPort),
    addresses: addresses.map(withoutHostBits),
    ...autoAddresses(config, host),
    resolution: resolutions[resolution],
    isExternal: location !== 'MESH_INTERNAL',
    isHeadless: false,
    ...(exportTo === undefined || exportTo.length === 0 ? {} : { exportTo }),
    createdAt,
    labels,
    ...(workloadSelector === undefined
      ? {}
      : { selector: workloadSelector.labels ?? {}, selects: 'all-workloads' as const }),
    ...(subjectAltNames === undefined || subjectAltNames.length === 0 ? {} : { subjectAltNames }),
    origin,
  }));
}

function toPort({ number, name = '', protocol = '', targetPort }: ServiceEntryPort): ServicePort {
  return {
    number,
    name,
    protocol: parseProtocol(protocol),
    ...(targetPort === undefined || targetPort === 0 ? {} : { targetPort }),
  };
}

/** The addresses that an address allocator has written into the status for a host. */
function autoAddresses({ status }: Config<ServiceEntry>, host: string): Pick<Service, 'autoAddresses'> {
  const stated = isRecord(status) && Array.isArray(status.addresses) ? (status.addresses as readonly unknown[]) : [];
  const own = stated.flatMap((one) =>
    isRecord(one) && typeof one.value === 'string' && (one.host === undefined || one.host === host) ? [one.value] : [],
  );
  return own.length === 0 ? {} : { autoAddresses: own };
}

/** A block that holds one address is that address. */
function withoutHostBits(address: string): string {
  return address.replace(/^([\d.]+)\/32$/, '$1').replace(/^([\da-fA-F:]+)\/128$/, '$1');
}

/** Whether the host itself is where its proxy connects: DNS is asked and nothing else was said. */
export function isItsOwnEndpoint({ spec }: Config<ServiceEntry>, host: string): boolean {
  const asksDns = spec.resolution === 'DNS' || spec.resolution === 'DNS_ROUND_ROBIN';
  return asksDns && (spec.endpoints ?? []).length === 0 && spec.workloadSelector === undefined && !isWildcard(host);
}
