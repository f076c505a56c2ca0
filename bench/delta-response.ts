/** What a client reads of a DeltaDiscoveryResponse; bodies are views of the message. */
import { BinaryReader } from '@bufbuild/protobuf/wire';

export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly DeltaResource[];
}

export interface DeltaResource {
  readonly name: string;
  readonly version: string;
  readonly body: Uint8Array;
}

/** Field numbers of envoy.service.discovery.v3: nonce 5, type_url 4, resources 2 {name 3, version 1, resource 2}. */
export function readDeltaResponse(bytes: Uint8Array): DeltaResponse {
  const resources: DeltaResource[] = [];
  let [typeUrl, nonce] = ['', ''];
  eachField(bytes, (field, reader) => {
    if (field === 2) resources.push(readResource(reader.bytes()));
    else if (field === 4) typeUrl = reader.string();
    else if (field === 5) nonce = reader.string();
    else return false;
    return true;
  });
  return { typeUrl, nonce, resources };
}

function readResource(bytes: Uint8Array): DeltaResource {
  let [name, version] = ['', ''];
  let body: Uint8Array = new Uint8Array();
  eachField(bytes, (field, reader) => {
    if (field === 1) version = reader.string();
    else if (field === 2) body = valueOf(reader.bytes());
    else if (field === 3) name = reader.string();
    else return false;
    return true;
  });
  return { name, version, body };
}

/** The value of a google.protobuf.Any. */
function valueOf(bytes: Uint8Array): Uint8Array {
  let value: Uint8Array = new Uint8Array();
  eachField(bytes, (field, reader) => {
    if (field !== 2) return false;
    value = reader.bytes();
    return true;
  });
  return value;
}

/** Calls `take` for each field, which reads the field or says that it did not. */
function eachField(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!take(field, reader)) reader.skip(wire, field);
  }
}
