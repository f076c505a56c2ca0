/**
 * Names as Istio's agents read them (istio.networking.nds.v1), all of a client in one resource, and the same one by one:
 *
 *      NameTable { map<string, NameInfo> table = 1; }
 *      NameInfo { repeated string ips = 1; string registry = 2; string shortname = 3; string namespace = 4; }
 *
 * Its agents take the first resource of a response and forget what they knew before it. A type of our own has a NameTable of
 * one host, with its pods, in each resource, so that a change costs one of them; the table is a concatenation of these.
 */
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { NameIr } from '../ir/name.ts';
import { contentVersion } from '../lib/hash.ts';
import { typeNameOf } from '../lib/type-name.ts';
import { anyHead, resourceOf } from './encode.ts';
import type { Resource } from './resource.ts';
import { nameTableType, nameType } from './types.ts';

const field = (number: number) => (number << 3) | 2;

/** The table is the only one, and has no name with Istio either. */
const tableName = '';

/** A host and the pods that have names below it: they come and go with its endpoints. */
export function nameResource({ host, addresses, registry, shortName, namespace, pods, origins }: NameIr): Resource {
  const table = new BinaryWriter();
  const add = (prefix: string, ips: readonly string[]) => {
    const info = new BinaryWriter();
    for (const ip of ips) info.uint32(field(1)).string(ip);
    info.uint32(field(2)).string(registry);
    if (shortName !== '') info.uint32(field(3)).string(prefix + shortName);
    info.uint32(field(4)).string(namespace);
    const entry = new BinaryWriter()
      .uint32(field(1))
      .string(prefix + host)
      .uint32(field(2))
      .bytes(info.finish());
    table.uint32(field(1)).bytes(entry.finish());
  };
  add('', addresses);
  for (const pod of pods) add(`${pod.hostname}.`, pod.addresses);
  return resourceOf(typeNameOf(nameType), host, table.finish(), origins);
}

/** The table of names that are encoded already. Its version follows from theirs: no byte of them is read again. */
export function nameTable(names: readonly Resource[]): Resource {
  const entries = names.map(valueOf);
  const length = entries.reduce((sum, entry) => sum + entry.length, 0);
  const head = anyHead(typeNameOf(nameTableType), length);
  return {
    name: tableName,
    version: contentVersion(names.map(({ version }) => version).join('\n')),
    chunks: [head, ...entries],
    size: head.length + length,
    origins: [],
    parts: names.map(({ name, origins }) => ({ name, origins, routes: [] })),
  };
}

/** The bytes of a resource within its Any, where they stand. */
function valueOf({ chunks: [bytes = new Uint8Array()] }: Resource): Uint8Array {
  const reader = new BinaryReader(bytes);
  reader.tag();
  reader.skip(2);
  reader.tag();
  return reader.bytes();
}
