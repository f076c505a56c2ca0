/** Reads Istio's NameTable (istio.networking.nds.v1), as the control plane writes it; our type `Name` is one of one host. */
import { eachField } from '../message-fields.ts';
import type { NameInfo, NameTable } from './names.ts';

/** Throws for what is no such message. Short names are not read: they follow from the full ones. */
export function readNameTable(bytes: Uint8Array): NameTable {
  const table = new Map<string, NameInfo>();
  eachField(bytes, (number, reader) => {
    if (number !== 1) return false;
    let host = '';
    let info: NameInfo = { addresses: [], isKubernetes: false };
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
  let registry = '';
  eachField(bytes, (number, reader) => {
    if (number === 1) addresses.push(reader.string());
    else if (number === 2) registry = reader.string();
    else return false;
    return true;
  });
  return { addresses, isKubernetes: registry === 'Kubernetes' };
}
