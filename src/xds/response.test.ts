import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameHead } from '../lib/grpc-frames.ts';
import { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import { encodeResource } from '../resource/encode.ts';
import { messageJson } from '../resource/json.ts';
import type { Resource } from '../resource/resource.ts';
import { clusterType } from '../resource/types.ts';
import { deltaResponse, type ResponseHead, sotwResponse } from './response.ts';

const head: ResponseHead = {
  typeUrl: clusterType,
  nonce: '7/v1.1',
  version: '7',
  controlPlane: '{"Component":"fairway"}',
};
const around = { typeUrl: clusterType, nonce: '7/v1.1', controlPlane: { identifier: '{"Component":"fairway"}' } };
const cluster = (name: string) => encodeResource(Cluster, name, { name }, []);
const json = (name: string) => ({ '@type': clusterType, name });

/** A resource may come in pieces, as RouteConfigurations do; how it is cut must not show. */
const inPieces = (resource: Resource): Resource => {
  const whole = Buffer.concat(resource.chunks);
  return { ...resource, chunks: [whole.subarray(0, 3), whole.subarray(3, 3), whole.subarray(3)] };
};

/** The frame's head, and its message read by another implementation of protobuf than the one that wrote it. */
function check(
  name: string,
  type: 'DiscoveryResponse' | 'DeltaDiscoveryResponse',
  frame: Buffer,
  expected: object,
): void {
  it(name, () => {
    const message = messageJson(`envoy.service.discovery.v3.${type}`, frame.subarray(frameHead));
    const [flag, length] = [frame.readUInt8(0), frame.readUInt32BE(1)];
    assert.deepEqual({ flag, length, message }, { flag: 0, length: frame.length - frameHead, message: expected });
  });
}

describe('a state-of-the-world response', () => {
  const whole = { versionInfo: '7', ...around };
  check('may be empty', 'DiscoveryResponse', sotwResponse(head, []), whole);
  check('holds resources in order', 'DiscoveryResponse', sotwResponse(head, [cluster('b'), inPieces(cluster('a'))]), {
    ...whole,
    resources: [json('b'), json('a')],
  });
});

describe('a delta response', () => {
  const whole = { systemVersionInfo: '7', ...around };
  check('may be empty', 'DeltaDiscoveryResponse', deltaResponse(head, [], []), whole);
  check('names what is gone', 'DeltaDiscoveryResponse', deltaResponse(head, [], ['a', 'ü']), {
    ...whole,
    removedResources: ['a', 'ü'],
  });
  check(
    'holds each resource with its name and version',
    'DeltaDiscoveryResponse',
    deltaResponse(head, [cluster('b'), inPieces(cluster('a'))], ['c']),
    {
      ...whole,
      resources: ['b', 'a'].map((name) => ({ name, version: cluster(name).version, resource: json(name) })),
      removedResources: ['c'],
    },
  );
});
