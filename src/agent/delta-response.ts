/** Reads DeltaDiscoveryResponse (envoy.service.discovery.v3), whose type is generated for writing alone. */
import { eachField } from './message-fields.ts';

export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly DeltaResource[];
  readonly removed: readonly string[];
}

/** Its value is that of the Any, as a view of the message. */
export interface DeltaResource {
  readonly name: string;
  readonly version: string;
  readonly value: Uint8Array;
}

/** Throws for what is no such message. */
export function readDeltaResponse(bytes: Uint8Array): DeltaResponse {
  const resources: DeltaResource[] = [];
  const removed: string[] = [];
  let [typeUrl, nonce] = ['', ''];
  eachField(bytes, (number, reader) => {
    if (number === 2) resources.push(readResource(reader.bytes()));
    else if (number === 4) typeUrl = reader.string();
    else if (number === 5) nonce = reader.string();
    else if (number === 6) removed.push(reader.string());
    else return false;
    return true;
  });
  return { typeUrl, nonce, resources, removed };
}

function readResource(bytes: Uint8Array): DeltaResource {
  let [name, version] = ['', ''];
  let value: Uint8Array = new Uint8Array();
  eachField(bytes, (number, reader) => {
    if (number === 1) version = reader.string();
    else if (number === 2) value = valueOf(reader.bytes());
    else if (number === 3) name = reader.string();
    else return false;
    return true;
  });
  return { name, version, value };
}

/** The value of an Any. */
function valueOf(bytes: Uint8Array): Uint8Array {
  let value: Uint8Array = new Uint8Array();
  eachField(bytes, (number, reader) => {
    if (number !== 2) return false;
    value = reader.bytes();
    return true;
  });
  return value;
}
