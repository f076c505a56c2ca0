/** RouteConfigurations as concatenations of encoded virtual hosts: repeated fields concatenate on the wire. */
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { routeConfiguration } from '../envoy/route/route-configuration.ts';
import { virtualHost } from '../envoy/route/virtual-host.ts';
import type { VirtualHostIr } from '../ir/route.ts';
import { contentVersion } from '../lib/hash.ts';
import type { OriginKey } from '../model/origin.ts';
import { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import { VirtualHost } from '../proto/envoy/config/route/v3/route_components.ts';
import { anyHead } from './encode.ts';
import type { Resource, ResourcePart } from './resource.ts';

/** A virtual host with the tag and length that make it a field of its configuration. */
export interface EncodedVirtualHost {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly domains: readonly string[];
  readonly part: ResourcePart;
}

/** `repeated VirtualHost virtual_hosts = 2` */
const virtualHostsField = (2 << 3) | 2;

export function encodeVirtualHost(ir: VirtualHostIr): EncodedVirtualHost {
  const { name, domains, origins, routes } = ir;
  const part = { name, origins, routes: routes.map(({ origin }) => origin) };
  return asField(VirtualHost.encode(virtualHost(ir)).finish(), domains, part);
}

/** A virtual host whose message has been encoded already. */
export function asField(message: Uint8Array, domains: readonly string[], part: ResourcePart): EncodedVirtualHost {
  const bytes = new BinaryWriter().uint32(virtualHostsField).bytes(message).finish();
  return { version: contentVersion(bytes), bytes, domains, part };
}

/** The message of a virtual host without the tag and length before it. */
export function messageOf({ bytes }: EncodedVirtualHost): Uint8Array {
  const reader = new BinaryReader(bytes);
  reader.tag();
  return reader.bytes();
}

/** A configuration of these hosts, in this order. Its version follows from theirs: no byte of them is read again. */
export function assembleRouteConfiguration(
  name: string,
  hosts: readonly EncodedVirtualHost[],
  namesPorts = false,
): Resource {
  const fields = configurationFields(name, namesPorts);
  return assemble({ name, fields, origins: [], version: String(namesPorts) }, hosts);
}

/** The bytes of a configuration but for its hosts. */
export function configurationFields(name: string, namesPorts: boolean): Uint8Array {
  return RouteConfiguration.encode(routeConfiguration(name, namesPorts)).finish();
}

export interface ConfigurationHead {
  readonly name: string;
  /** The bytes of all but the hosts, and a text that is the same for the same bytes. */
  readonly fields: Uint8Array;
  readonly version: string;
  readonly origins: readonly OriginKey[];
}

export function assemble(
  { name, fields, version, origins }: ConfigurationHead,
  hosts: readonly EncodedVirtualHost[],
): Resource {
  const length = hosts.reduce((sum, { bytes }) => sum + bytes.length, fields.length);
  const head = Buffer.concat([anyHead(RouteConfiguration.$type, length), fields]);
  return {
    name,
    version: contentVersion(`${name}\n${version}\n${hosts.map((host) => host.version).join('\n')}`),
    chunks: [head, ...hosts.map(({ bytes }) => bytes)],
    size: head.length + length - fields.length,
    origins,
    parts: hosts.map(({ part }) => part),
  };
}
