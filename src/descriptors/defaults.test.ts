import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatPath } from '../lib/schema.ts';
import { statedDefaults } from './defaults.ts';

const manager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

describe('a value states a default that merging leaves out', () => {
  function check(name: string, typeName: string, json: unknown, ...expected: readonly string[]): void {
    it(name, () => assert.deepEqual(statedDefaults(typeName, json, ['value']).map(formatPath), expected));
  }
  check(
    'of a plain field',
    manager,
    { merge_slashes: false, stat_prefix: '' },
    'value.merge_slashes',
    'value.stat_prefix',
  );
  check('of an enum', manager, { codec_type: 'AUTO' }, 'value.codec_type');
  check('of a wrapped value', manager, { use_remote_address: false }, 'value.use_remote_address');
  check(
    'within messages',
    manager,
    { http2_protocol_options: { allow_connect: false, max_concurrent_streams: 5 } },
    'value.http2_protocol_options.allow_connect',
  );
  check(
    'within the configuration of a filter',
    'envoy.config.listener.v3.Filter',
    { typed_config: { '@type': `type.googleapis.com/${manager}`, use_remote_address: false } },
    'value.typed_config.use_remote_address',
  );
  check('but not within configurations that are taken over whole', manager, {
    request_id_extension: {
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig',
        pack_trace_reason: false,
      },
    },
  });
  check('but not in lists, whose items are new', manager, { upgrade_configs: [{ upgrade_type: '', enabled: false }] });
  check('but not as a duration, which is one value', manager, { stream_idle_timeout: '0s' });
  check('but not where a choice is made by it', 'envoy.config.core.v3.SocketAddress', { port_value: 0 });
});
