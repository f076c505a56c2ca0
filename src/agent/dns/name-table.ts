/** Reads Istio's NameTable (istio.networking.nds.v1), as the control plane writes it; our type `Name` is one of one host. */
import { eachField } from '../message-fields.ts';
import type { NameInfo } from './names.ts';

/** Hosts with what they stand for. Throws for what is no such message. */
export function readNameTable(bytes: Uint8Array): ReadonlyMap<string, NameInfo> {
  const table = new Map<string, NameInfo>();
  eachField(bytes, (number, reader) => {
    if (number !== 1) return false;
    let host = '';
    let info: NameInfo = { addresses: [], shortName: '', namespace: '' };
    eachField(reader.bytes(), (part, entry) => {
      if (part === 1) host = entry.string();
      else if (part === 2) info = readInfo(entry.bytes());
      else return false;
      return true;
    });
    table.set(host.toLowerCase(), info);
    return true;
  });
  return table;
}

function readInfo(bytes: Uint8Array): NameInfo {
  const addresses: string[] = [];
  let [shortName, namespace] = ['', ''];
  eachField(bytes, (number, reader) => {
    if (number === 1) addresses.push(reader.string());
    else if (number === 3) shortName = reader.string();
    else if (number === 4) namespace = reader.string();
    else return false;
    return true;
  });
  return { addresses, shortName, namespace };
}
