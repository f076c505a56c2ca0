import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const patch = neighbours('EnvoyFilter', (part) => `configPatches: [{${part}}]`);
const at = 'spec.configPatches[0].patch.value';
const merge = (value: string) => `applyTo: CLUSTER, patch: {operation: MERGE, value: {${value}}}`;
const lua = 'typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}';

describe('the value of a patch', () => {
  patch(
    'has fields that Envoy knows',
    merge('connect_timeout: 3s'),
    merge('connect_timeout: 3s, no_such_field: 1'),
    `warning FW0603 ${at}.no_such_field: expected a field of Cluster, found the unknown field no_such_field: it has no effect`,
  );
  patch(
    'has values of the right types',
    merge('connect_timeout: 3s'),
    merge('connect_timeout: 3'),
    `error FW0603 ${at}.connect_timeout: expected a duration in seconds such as 1.5s, found 3`,
  );
  patch(
    'has configurations of types that Envoy knows',
    `applyTo: EXTENSION_CONFIG, patch: {operation: ADD, value: {name: a, ${lua}}}`,
    `applyTo: EXTENSION_CONFIG, patch: {operation: ADD, value: {name: a, typed_config: {"@type": type.googleapis.com/Own}}}`,
    `error FW0603 ${at}.typed_config.@type: expected a message of Envoy's API or a type.googleapis.com/xds.type.v3.TypedStruct, found type.googleapis.com/Own`,
  );
  patch(
    'has no defaults where it is merged',
    merge('respect_dns_ttl: true, per_connection_buffer_limit_bytes: 1'),
    merge('respect_dns_ttl: false, per_connection_buffer_limit_bytes: 0'),
    ...['respect_dns_ttl', 'per_connection_buffer_limit_bytes'].map(
      (field) =>
        `warning FW0602 ${at}.${field}: expected a value other than the default, found the default: merging leaves what is there as it is`,
    ),
  );
  patch(
    'is not there where something is removed',
    'applyTo: CLUSTER, patch: {operation: REMOVE}',
    'applyTo: CLUSTER, patch: {operation: REMOVE, value: {name: a}}',
    `warning FW0602 ${at}: expected no value for operation REMOVE, found one: it has no effect`,
  );
  patch(
    'has a name where something is added',
    'applyTo: CLUSTER, patch: {operation: ADD, value: {name: a}}',
    'applyTo: CLUSTER, patch: {operation: ADD, value: {alt_stat_name: a}}',
    `warning FW0602 ${at}.name: expected a name for what is added, found none: it has no effect`,
  );
  patch(
    'says the type of a filter',
    `applyTo: HTTP_FILTER, patch: {operation: INSERT_FIRST, value: {name: a, ${lua}}}`,
    'applyTo: HTTP_FILTER, patch: {operation: INSERT_FIRST, value: {name: a}}',
    `warning FW0603 ${at}: expected typed_config or config_discovery, found neither: Envoy finds a filter by the type of its configuration`,
  );
});
