/**
 * What is read of a DiscoveryRequest and a DeltaDiscoveryRequest. Envoy's first request lists every extension that it
 * has, some 60 KB: only what is needed is decoded, the rest is skipped.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

export interface NodeMessage {
  readonly id: string;
  readonly cluster: string;
  readonly metadata: { readonly [key: string]: unknown };
  readonly locality: { readonly region: string; readonly zone: string; readonly subzone: string };
  readonly userAgent: string;
  /** `1.40.0` */
  readonly userAgentVersion?: string;
}

export interface ErrorDetail {
  readonly code: number;
  readonly message: string;
}

export interface SotwRequest {
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  readonly names: readonly string[];
  readonly node?: NodeMessage;
  readonly error?: ErrorDetail;
}

export interface DeltaRequest {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** What the client holds from an earlier stream, name to version. */
  readonly initialVersions: ReadonlyMap<string, string>;
  readonly node?: NodeMessage;
  readonly error?: ErrorDetail;
}

/** Bytes that are no request. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

/** Throws RequestError. */
export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  return readable(() => readSotwRequest(new BinaryReader(bytes)));
}

/** Throws RequestError. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  return readable(() => readDeltaRequest(new BinaryReader(bytes)));
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RequestError(`expected a request, found bytes that are none: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Calls `field` for each field of a message; it must consume the field or say that it did not. A known number with
 * another wire type is a field that we do not know.
 */
function readFields(
  reader: BinaryReader,
  length: number | undefined,
  field: (number: number, wire: WireType) => boolean,
): void {
  const end = length === undefined ? reader.len : reader.pos + length;
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (!field(number, wire)) reader.skip(wire, number);
  }
  if (reader.pos !== end) throw new RangeError('a field reaches beyond the end of its message');
}

/** The same for a message of which only texts and messages are read. */
function readDelimited(reader: BinaryReader, length: number | undefined, field: (number: number) => boolean): void {
  readFields(reader, length, (number, wire) => wire === WireType.LengthDelimited && field(number));
}

function readSotwRequest(reader: BinaryReader): SotwRequest {
  const names: string[] = [];
  let [typeUrl, version, nonce] = ['', '', ''];
  let node: NodeMessage | undefined;
  let error: ErrorDetail | undefined;
  readDelimited(reader, undefined, (number) => {
    switch (number) {
      case 1:
        version = reader.string();
        return true;
      case 2:
        node = readNode(reader);
        return true;
      case 3:
        names.push(reader.string());
        return true;
      case 4:
        typeUrl = reader.string();
        return true;
      case 5:
        nonce = reader.string();
        return true;
      case 6:
        error = readStatus(reader);
        return true;
      default:
        return false;
    }
  });
  return {
    typeUrl,
    version,
    nonce,
    names,
    ...(node === undefined ? {} : { node }),
    ...(error === undefined ? {} : { error }),
  };
}

function readDeltaRequest(reader: BinaryReader): DeltaRequest {
  const subscribe: string[] = [];
  const unsubscribe: string[] = [];
  const initialVersions = new Map<string, string>();
  let [typeUrl, nonce] = ['', ''];
  let node: NodeMessage | undefined;
  let error: ErrorDetail | undefined;
  readDelimited(reader, undefined, (number) => {
    switch (number) {
      case 1:
        node = readNode(reader);
        return true;
      case 2:
        typeUrl = reader.string();
        return true;
      case 3:
        subscribe.push(reader.string());
        return true;
      case 4:
        unsubscribe.push(reader.string());
        return true;
      case 5: {
        const [name, version] = readEntry(reader, () => reader.string());
        initialVersions.set(name, version ?? '');
        return true;
      }
      case 6:
        nonce = reader.string();
        return true;
      case 7:
        error = readStatus(reader);
        return true;
      default:
        return false;
    }
  });
  return {
    typeUrl,
    nonce,
    subscribe,
    unsubscribe,
    initialVersions,
    ...(node === undefined ? {} : { node }),
    ...(error === undefined ? {} : { error }),
  };
}

/** envoy.config.core.v3.Node */
function readNode(reader: BinaryReader): NodeMessage {
  let [id, cluster, userAgent, userAgentVersion] = ['', '', '', ''];
  let metadata: { readonly [key: string]: unknown } = {};
  let locality = { region: '', zone: '', subzone: '' };
  readDelimited(reader, reader.uint32(), (number) => {
    switch (number) {
      case 1:
        id = reader.string();
        return true;
      case 2:
        cluster = reader.string();
        return true;
      case 3:
        metadata = readStruct(reader, 0);
        return true;
      case 4:
        locality = readLocality(reader);
        return true;
      case 6:
        userAgent = reader.string();
        return true;
      case 7:
        userAgentVersion = reader.string();
        return true;
      case 8:
        userAgentVersion = readBuildVersion(reader);
        return true;
      default:
        return false;
    }
  });
  const node = { id, cluster, metadata, locality, userAgent };
  return userAgentVersion === '' ? node : { ...node, userAgentVersion };
}

/** envoy.config.core.v3.BuildVersion, of which the envoy.type.v3.SemanticVersion is read. */
function readBuildVersion(reader: BinaryReader): string {
  const numbers = [0, 0, 0];
  readDelimited(reader, reader.uint32(), (field) => {
    if (field !== 1) return false;
    readFields(reader, reader.uint32(), (number, wire) => {
      if (number > 3 || wire !== WireType.Varint) return false;
      numbers[number - 1] = reader.uint32();
      return true;
    });
    return true;
  });
  return numbers.join('.');
}

function readLocality(reader: BinaryReader): NodeMessage['locality'] {
  const parts = ['', '', ''];
  readDelimited(reader, reader.uint32(), (number) => {
    if (number > 3) return false;
    parts[number - 1] = reader.string();
    return true;
  });
  const [region = '', zone = '', subzone = ''] = parts;
  return { region, zone, subzone };
}

/** google.rpc.Status */
function readStatus(reader: BinaryReader): ErrorDetail {
  let code = 0;
  let message = '';
  readFields(reader, reader.uint32(), (number, wire) => {
    if (number === 1 && wire === WireType.Varint) code = reader.int32();
    else if (number === 2 && wire === WireType.LengthDelimited) message = reader.string();
    else return false;
    return true;
  });
  return { code, message };
}

/** One entry of a map with text keys. */
function readEntry<T>(reader: BinaryReader, readValue: () => T): readonly [string, T | undefined] {
  let key = '';
  let value: T | undefined;
  readDelimited(reader, reader.uint32(), (number) => {
    if (number === 1) key = reader.string();
    else if (number === 2) value = readValue();
    else return false;
    return true;
  });
  return [key, value];
}

/** Metadata of real proxies is three levels deep; more is an attack on the stack. */
const deepestStruct = 32;

/** google.protobuf.Struct, as plain JSON. */
function readStruct(reader: BinaryReader, depth: number): { readonly [key: string]: unknown } {
  if (depth > deepestStruct) throw new Error(`expected node metadata of at most ${deepestStruct} levels`);
  const fields: [string, unknown][] = [];
  readDelimited(reader, reader.uint32(), (number) => {
    if (number !== 1) return false;
    const [name, value = null] = readEntry(reader, () => readValue(reader, depth + 1));
    fields.push([name, value]);
    return true;
  });
  return Object.fromEntries(fields);
}

/** google.protobuf.Value */
function readValue(reader: BinaryReader, depth: number): unknown {
  let value: unknown = null;
  readFields(reader, reader.uint32(), (number, wire) => {
    switch ((number << 3) | wire) {
      case (2 << 3) | WireType.Bit64:
        value = reader.double();
        return true;
      case (3 << 3) | WireType.LengthDelimited:
        value = reader.string();
        return true;
      case (4 << 3) | WireType.Varint:
        value = reader.bool();
        return true;
      case (5 << 3) | WireType.LengthDelimited:
        value = readStruct(reader, depth);
        return true;
      case (6 << 3) | WireType.LengthDelimited:
        value = readList(reader, depth);
        return true;
      default:
        return false;
    }
  });
  return value;
}

function readList(reader: BinaryReader, depth: number): readonly unknown[] {
  if (depth > deepestStruct) throw new Error(`expected node metadata of at most ${deepestStruct} levels`);
  const items: unknown[] = [];
  readDelimited(reader, reader.uint32(), (number) => {
    if (number !== 1) return false;
    items.push(readValue(reader, depth + 1));
    return true;
  });
  return items;
}
