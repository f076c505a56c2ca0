import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import { encodeResource } from './encode.ts';
import { messageJson, resourceJson } from './json.ts';

describe('a resource as JSON', () => {
  const cluster = { name: 'a', edsClusterConfig: { serviceName: 'b' }, connectTimeout: { seconds: 3, nanos: 0 } };

  it('has the names and forms of protobuf', () => {
    assert.deepEqual(resourceJson(encodeResource(Cluster, 'a', cluster, [])), {
      '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
      name: 'a',
      edsClusterConfig: { serviceName: 'b' },
      connectTimeout: '3s',
    });
  });

  it('can be had of a message and the name of its type', () => {
    assert.deepEqual(messageJson(Cluster.$type, Cluster.encode(cluster).finish()), {
      name: 'a',
      edsClusterConfig: { serviceName: 'b' },
      connectTimeout: '3s',
    });
  });
});
