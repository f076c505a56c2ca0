/**
 * Istio's NameTable (istio.networking.nds.v1), one for each host: agents put them together. Its message is not among Envoy's:
 *
 *      NameTable { map<string, NameInfo> table = 1; }
 *      NameInfo { repeated string ips = 1; string registry = 2; string shortname = 3; string namespace = 4; }
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { MessageType } from '../envoy/values.ts';
import type { NameIr } from '../ir/name.ts';

type Name = Omit<NameIr, 'origins'>;

const field = (number: number) => (number << 3) | 2;

export const nameTable: MessageType<Name> = {
  $type: 'istio.networking.nds.v1.NameTable',
  encode({ host, addresses, registry, shortName, namespace }: Name) {
    const info = new BinaryWriter();
    for (const address of addresses) info.uint32(field(1)).string(address);
    info.uint32(field(2)).string(registry);
    if (shortName !== '') info.uint32(field(3)).string(shortName);
    info.uint32(field(4)).string(namespace);
    const entry = new BinaryWriter().uint32(field(1)).string(host).uint32(field(2)).bytes(info.finish());
    return new BinaryWriter().uint32(field(1)).bytes(entry.finish());
  },
};
