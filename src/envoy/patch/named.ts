/** What most of Envoy's extension points look like: a name, and a configuration in an envelope that says its type. */
import { create, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { type ListMerge, mergeInto } from '../../descriptors/merge.ts';
import { envoyMessage } from '../../descriptors/registry.ts';
import { typeNameOf } from '../../lib/type-name.ts';
import { patchList } from './list.ts';
import { type Effects, listMergeOf, type Patch, valueOf } from './patch.ts';

export interface AnyMessage extends Message<'google.protobuf.Any'> {
  typeUrl: string;
  value: Uint8Array;
}

/** A filter of any kind, or a transport socket. */
export interface Named extends Message {
  name: string;
  configType: { case: 'typedConfig'; value: AnyMessage } | { case: string | undefined; value?: unknown };
}

export function typedConfig({ configType }: Named): AnyMessage | undefined {
  return configType.case === 'typedConfig' ? (configType.value as AnyMessage) : undefined;
}

/** The full name of the type of the message in an envelope. */
export function typeName({ typeUrl }: AnyMessage): string {
  return typeNameOf(typeUrl);
}

export function openAny<T extends Message>(any: AnyMessage): T {
  return fromBinary(envoyMessage(typeName(any)), any.value) as T;
}

export function closeAny(message: Message): AnyMessage {
  return create(AnySchema, {
    typeUrl: `type.googleapis.com/${message.$typeName}`,
    value: toBinary(envoyMessage(message.$typeName), message),
  }) as AnyMessage;
}

/** Merges a named configuration into another, inside their envelopes too; says why when that cannot be. */
export function mergeNamed(target: Named, source: Named, lists: ListMerge): string | undefined {
  const [own, other] = [typedConfig(target), typedConfig(source)];
  if (other !== undefined) {
    if (own === undefined) return `expected ${target.name} to have a typed_config to merge into, found none`;
    if (typeName(own) !== typeName(other))
      return `expected a typed_config of type ${typeName(own)} as ${target.name} has, found ${typeName(other)}`;
  }
  const inner = own === undefined || other === undefined ? undefined : openAny(own);
  mergeInto(target, source, lists);
  if (inner === undefined || other === undefined) return undefined;
  mergeInto(inner, openAny(other), lists);
  target.configType = { case: 'typedConfig', value: closeAny(inner) };
  return undefined;
}

/** Merges a patch into the filters that it means; into all that it fits when it says nothing of filters. */
export function mergeFilters(filters: readonly Named[], patch: Patch, effects: Effects, isMeant: IsMeant): void {
  const lists = listMergeOf(patch);
  if (lists === undefined) return;
  for (const filter of filters.filter((one) => isMeant?.(one) ?? true)) {
    const misfit = mergeNamed(filter, valueOf(patch), lists);
    if (misfit === undefined) effects.applied(patch);
    else if (isMeant !== undefined) effects.misfit(patch, misfit);
  }
}

/** Whether a patch means a filter; undefined when it says nothing of filters. */
export type IsMeant = ((filter: Named) => boolean) | undefined;

/** Adds, inserts, replaces or removes; the filters as they are then. */
export function placeFilter(filters: Named[], patch: Patch, effects: Effects, isMeant: IsMeant): Named[] {
  const placed = patchList(filters, patch.ir.operation, () => valueOf<Named>(patch), isMeant);
  if (placed === undefined) return filters;
  effects.applied(patch);
  return placed;
}
