import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toJson } from '@bufbuild/protobuf';
import { formatPath } from '../lib/schema.ts';
import { readJson } from './read-json.ts';
import { envoyMessage, envoyRegistry } from './registry.ts';

const cluster = 'envoy.config.cluster.v3.Cluster';
const filter = 'envoy.config.listener.v3.Filter';

function read(typeName: string, json: unknown): { readonly found: unknown; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const message = readJson(typeName, json, ['value'], ({ kind, path, message }) =>
    problems.push(`${kind} ${formatPath(path)}: ${message}`),
  );
  const found =
    message === undefined ? undefined : toJson(envoyMessage(typeName), message, { registry: envoyRegistry() });
  return { found, problems };
}

describe('a message of Envoy is read from JSON', () => {
  function check(name: string, typeName: string, json: unknown, expected: unknown): void {
    it(name, () => assert.deepEqual(read(typeName, json), { found: expected, problems: [] }));
  }
  check(
    'with names in either spelling',
    cluster,
    { name: 'a', connect_timeout: '0.25s', lbPolicy: 'RANDOM' },
    { name: 'a', connectTimeout: '0.250s', lbPolicy: 'RANDOM' },
  );
  check('without what is null', cluster, { name: 'a', connect_timeout: null }, { name: 'a' });
  check(
    'with numbers as texts, as protobuf allows it',
    cluster,
    { per_connection_buffer_limit_bytes: '32768' },
    { perConnectionBufferLimitBytes: 32768 },
  );
  check(
    'with enums by number',
    'envoy.config.core.v3.SocketOption',
    { level: 1, name: 9, int_value: 1, state: 0 },
    { level: '1', name: '9', intValue: '1' },
  );
  check(
    'with messages in envelopes',
    filter,
    {
      name: 'limit',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit',
        stat_prefix: 'limit',
        max_connections: 9,
      },
    },
    {
      name: 'limit',
      typedConfig: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit',
        statPrefix: 'limit',
        maxConnections: '9',
      },
    },
  );
  check(
    'with plain values in envelopes',
    'envoy.config.core.v3.TypedExtensionConfig',
    {
      name: 'wasm',
      typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: '{"threshold": 1}' },
    },
    {
      name: 'wasm',
      typedConfig: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: '{"threshold": 1}' },
    },
  );
  check(
    'with structures of any form',
    filter,
    {
      name: 'own',
      typed_config: {
        '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
        type_url: 'type.googleapis.com/example.Own',
        value: { list: [1, 'a', null], on: true },
      },
    },
    {
      name: 'own',
      typedConfig: {
        '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
        typeUrl: 'type.googleapis.com/example.Own',
        value: { list: [1, 'a', null], on: true },
      },
    },
  );
});

describe('what a message of Envoy has no place for is left out', () => {
  function check(name: string, json: unknown, expected: unknown, problem: string): void {
    it(name, () => assert.deepEqual(read(cluster, json), { found: expected, problems: [problem] }));
  }
  check(
    'as an unknown field, with the one that was probably meant',
    { name: 'a', conect_timeout: '3s' },
    { name: 'a' },
    'unknown value.conect_timeout: expected a field of Cluster such as connect_timeout, found the unknown field conect_timeout',
  );
  check(
    'as an unknown field like no other',
    { name: 'a', no_such_field: 1 },
    { name: 'a' },
    'unknown value.no_such_field: expected a field of Cluster, found the unknown field no_such_field',
  );
  check(
    'as an unknown name of an enum',
    { name: 'a', dns_lookup_family: 'V7_ONLY' },
    { name: 'a' },
    'unknown value.dns_lookup_family: expected one of AUTO, V4_ONLY, V6_ONLY, V4_PREFERRED, ALL, found "V7_ONLY"',
  );
});

describe('a message of Envoy cannot be made', () => {
  function check(name: string, typeName: string, json: unknown, ...problems: readonly string[]): void {
    it(name, () => assert.deepEqual(read(typeName, json), { found: undefined, problems }));
  }
  check('from a text', cluster, 'a', 'misfit value: expected an object, found "a"');
  check(
    'when several fields do not fit, each of which is named',
    cluster,
    { connect_timeout: 3, name: 7, health_checks: {}, max_requests_per_connection: -1, respect_dns_ttl: 'yes' },
    'misfit value.connect_timeout: expected a duration in seconds such as 1.5s, found 3',
    'misfit value.name: expected a string, found 7',
    'misfit value.health_checks: expected a list, found an object',
    'misfit value.max_requests_per_connection: expected a whole number from 0, found -1',
    'misfit value.respect_dns_ttl: expected true or false, found "yes"',
  );
  check(
    'within a list',
    cluster,
    { health_checks: [{ timeout: '1s' }, { timeout: 'soon' }] },
    'misfit value.health_checks[1].timeout: expected a duration in seconds such as 1.5s, found "soon"',
  );
  check(
    'with two fields of which one must be chosen',
    cluster,
    { type: 'EDS', cluster_type: { name: 'a' } },
    'misfit value.cluster_type: expected one of type and cluster_type, found both',
  );
  check(
    'from an envelope without a type',
    filter,
    { typed_config: { stat_prefix: 'a' } },
    'misfit value.typed_config: expected an @type that says which message this is, found none',
  );
  check(
    'from an envelope of a type that Envoy does not have any more',
    filter,
    { typed_config: { '@type': 'type.googleapis.com/envoy.config.filter.http.lua.v2.Lua', inline_code: '' } },
    "misfit value.typed_config.@type: expected a message of Envoy's API or a type.googleapis.com/xds.type.v3.TypedStruct, found type.googleapis.com/envoy.config.filter.http.lua.v2.Lua (Envoy has dropped version 2 of its API)",
  );
  check(
    'when a message in an envelope does not fit',
    filter,
    {
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit',
        max_connections: 'many',
      },
    },
    'misfit value.typed_config.max_connections: expected a whole number from 0, found "many"',
  );
});
