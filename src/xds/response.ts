/**
 * Responses as gRPC frames, put together from bytes that exist already. In both dialects the resources are field 2, so a
 * response is a concatenation.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { grpcFrame } from '../lib/grpc-frames.ts';
import type { Resource } from '../resource/resource.ts';

export interface ResponseHead {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
  /** Who answers, as istioctl reads it. */
  readonly controlPlane: string;
}

const text = (field: number) => (field << 3) | 2;

/** `DiscoveryResponse`: version_info 1, resources 2, type_url 4, nonce 5, control_plane 6. */
export function sotwResponse(
  { typeUrl, nonce, version, controlPlane }: ResponseHead,
  resources: readonly Resource[],
): Buffer {
  const head = new BinaryWriter()
    .uint32(text(1))
    .string(version)
    .uint32(text(4))
    .string(typeUrl)
    .uint32(text(5))
    .string(nonce)
    .uint32(text(6))
    .bytes(new BinaryWriter().uint32(text(1)).string(controlPlane).finish())
    .finish();
  const pieces: Uint8Array[] = [];
  for (const { chunks, size } of resources)
    pieces.push(new BinaryWriter().uint32(text(2)).uint32(size).finish(), ...chunks);
  return grpcFrame([...pieces, head]);
}

/** `DeltaDiscoveryResponse`: system_version_info 1, resources 2, type_url 4, nonce 5, removed_resources 6, control_plane 7. */
export function deltaResponse(
  { typeUrl, nonce, version, controlPlane }: ResponseHead,
  resources: readonly Resource[],
  removed: readonly string[],
): Buffer {
  const writer = new BinaryWriter()
    .uint32(text(1))
    .string(version)
    .uint32(text(4))
    .string(typeUrl)
    .uint32(text(5))
    .string(nonce);
  for (const name of removed) writer.uint32(text(6)).string(name);
  const head = writer
    .uint32(text(7))
    .bytes(new BinaryWriter().uint32(text(1)).string(controlPlane).finish())
    .finish();
  const pieces: Uint8Array[] = [];
  for (const resource of resources) pieces.push(deltaResourceHead(resource), ...resource.chunks);
  return grpcFrame([...pieces, head]);
}

/** `Resource`: version 1, resource (the Any) 2, name 3; all but the bytes of the Any, which comes last. */
function deltaResourceHead({ name, version, size }: Resource): Uint8Array {
  const fields = new BinaryWriter()
    .uint32(text(1))
    .string(version)
    .uint32(text(3))
    .string(name)
    .uint32(text(2))
    .uint32(size)
    .finish();
  return new BinaryWriter()
    .uint32(text(2))
    .uint32(fields.length + size)
    .raw(fields)
    .finish();
}
