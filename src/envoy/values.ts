/** Small values that all translators build. */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Address } from '../proto/envoy/config/core/v3/address.ts';
import type { Metadata } from '../proto/envoy/config/core/v3/base.ts';
import { ApiVersion, type ConfigSource } from '../proto/envoy/config/core/v3/config_source.ts';
import type { Any } from '../proto/google/protobuf/any.ts';
import type { Duration } from '../proto/google/protobuf/duration.ts';

/** What ts-proto generates for a message. */
export interface MessageType<T> {
  readonly $type: string;
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
}

/** A message in an envelope that says its type. */
export function any<T>(type: MessageType<T>, message: T): Any {
  return { typeUrl: `type.googleapis.com/${type.$type}`, value: type.encode(message).finish() };
}

/** Milliseconds, which may have a fraction. */
export function duration(ms: number): Duration {
  const seconds = Math.trunc(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

export function socketAddress(address: string, port: number): Address {
  return {
    address: { $case: 'socketAddress', value: { address, portSpecifier: { $case: 'portValue', value: port } } },
  };
}

export function pipeAddress(path: string): Address {
  return { address: { $case: 'pipe', value: { path } } };
}

/** The aggregated stream, with a first answer that is waited for as long as it takes. */
export const overAds: ConfigSource = {
  configSourceSpecifier: { $case: 'ads', value: {} },
  initialFetchTimeout: duration(0),
  resourceApiVersion: ApiVersion.V3,
};

/** Metadata under the name that Istio's tools read. */
export function istioMetadata(fields: { readonly [name: string]: unknown }): Metadata {
  return { filterMetadata: { istio: { ...fields } } };
}
