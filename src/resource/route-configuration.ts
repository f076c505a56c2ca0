/** RouteConfigurations as concatenations of encoded virtual hosts: repeated fields concatenate on the wire. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { routeConfiguration } from '../envoy/route/route-configuration.ts';
import { virtualHost } from '../envoy/route/virtual-host.ts';
import type { VirtualHostIr } from '../ir/route.ts';
import { contentVersion } from '../lib/hash.ts';
import { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import { VirtualHost } from '../proto/envoy/config/route/v3/route_components.ts';
import { anyHead } from './encode.ts';
import type { Resource, ResourcePart } from './resource.ts';

/** A virtual host with the tag and length that make it a field of its configuration. */
export interface EncodedVirtualHost {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly part: ResourcePart;
}

/** `repeated VirtualHost virtual_hosts = 2` */
const virtualHostsField = (2 << 3) | 2;

export function encodeVirtualHost(ir: VirtualHostIr): EncodedVirtualHost {
  const bytes = new BinaryWriter()
    .uint32(virtualHostsField)
    .bytes(VirtualHost.encode(virtualHost(ir)).finish())
    .finish();
  const { name, origins, routes } = ir;
  return { version: contentVersion(bytes), bytes, part: { name, origins, routes: routes.map(({ origin }) => origin) } };
}

/** A configuration of these hosts, in this order. Its version follows from theirs: no byte of them is read again. */
export function assembleRouteConfiguration(
  name: string,
  hosts: readonly EncodedVirtualHost[],
  namesPorts = false,
): Resource {
  const scalars = RouteConfiguration.encode(routeConfiguration(name, namesPorts)).finish();
  const length = hosts.reduce((sum, { bytes }) => sum + bytes.length, scalars.length);
  const head = Buffer.concat([anyHead(RouteConfiguration.$type, length), scalars]);
  return {
    name,
    version: contentVersion(`${name}\n${namesPorts}\n${hosts.map(({ version }) => version).join('\n')}`),
    chunks: [head, ...hosts.map(({ bytes }) => bytes)],
    size: head.length + length - scalars.length,
    origins: [],
    parts: hosts.map(({ part }) => part),
  };
}
