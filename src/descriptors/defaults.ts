/** Where a JSON value states defaults, which merging cannot carry over: protobuf does not tell them from saying nothing. */
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { isRecord, type Path } from '../lib/schema.ts';
import { typeNameOf } from '../lib/type-name.ts';
import { envoyMessage, envoyRegistry } from './registry.ts';

/** The places in a message's JSON form at which it states a default that merging it would leave out. */
export function statedDefaults(typeName: string, json: unknown, path: Path): readonly Path[] {
  return isRecord(json) ? defaultsIn(envoyMessage(typeName), json, path) : [];
}

/** Messages whose envelope is opened when they are merged. */
const opened: ReadonlySet<string> = new Set([
  'envoy.config.core.v3.TransportSocket',
  'envoy.config.listener.v3.Filter',
  'envoy.config.listener.v3.ListenerFilter',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter',
]);

function defaultsIn(schema: DescMessage, json: { readonly [key: string]: unknown }, path: Path): readonly Path[] {
  return Object.entries(json).flatMap(([key, value]) => {
    const field = schema.fields.find(({ name, jsonName }) => name === key || jsonName === key);
    return field === undefined ? [] : defaultsOf(schema, field, value, [...path, key]);
  });
}

/** Items of lists and entries of maps are taken over as they are. */
function defaultsOf(schema: DescMessage, field: DescField, json: unknown, path: Path): readonly Path[] {
  switch (field.fieldKind) {
    case 'scalar':
      return field.presence === FeatureSet_FieldPresence.IMPLICIT && isZero(json) ? [path] : [];
    case 'enum':
      return field.presence === FeatureSet_FieldPresence.IMPLICIT && field.enum.value[0]?.name === json ? [path] : [];
    case 'message':
      if (/^google\.protobuf\.\w+Value$/.test(field.message.typeName)) return isZero(json) ? [path] : [];
      if (!isRecord(json) || field.message.typeName.startsWith('google.protobuf.Struct')) return [];
      if (field.message.typeName !== 'google.protobuf.Any') return defaultsIn(field.message, json, path);
      return opened.has(schema.typeName) ? defaultsInAny(json, path) : [];
    default:
      return [];
  }
}

function defaultsInAny({ '@type': url, ...fields }: { readonly [key: string]: unknown }, path: Path): readonly Path[] {
  const schema = typeof url === 'string' ? envoyRegistry().getMessage(typeNameOf(url)) : undefined;
  return schema === undefined || schema.typeName.startsWith('google.protobuf.') ? [] : defaultsIn(schema, fields, path);
}

function isZero(json: unknown): boolean {
  return json === false || json === '' || json === 0 || json === '0';
}
