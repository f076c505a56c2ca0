/**
 * Envoy's API as descriptors, for what is only known at run time: resources shown as JSON, and the messages that users
 * write in EnvoyFilters. Loading takes a tenth of a second, so it happens when something first asks.
 */
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { createFileRegistry, type DescMessage, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type DescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { must } from '../lib/assert.ts';

let loaded: FileRegistry | undefined;

/** All messages of Envoy's v3 API and of what it imports. */
export function envoyRegistry(): FileRegistry {
  loaded ??= load();
  return loaded;
}

function load(): FileRegistry {
  const packed = readFileSync(new URL('../../proto/envoy-api.binpb.br', import.meta.url));
  const files = fromBinary(FileDescriptorSetSchema, brotliDecompressSync(packed));
  for (const { messageType } of files.file) nameFields(messageType);
  return createFileRegistry(files);
}

/** The descriptors come without JSON names; protobuf's rule makes them from the fields' own. */
function nameFields(messages: readonly DescriptorProto[]): void {
  for (const { field, nestedType } of messages) {
    for (const one of field)
      if (one.jsonName === '') one.jsonName = one.name.replace(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
    nameFields(nestedType);
  }
}

/** The descriptor of one of Envoy's messages, which must exist. */
export function envoyMessage(typeName: string): DescMessage {
  return must(envoyRegistry().getMessage(typeName), `${typeName} among Envoy's messages`);
}
