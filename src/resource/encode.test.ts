import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Cluster } from '../proto/envoy/config/cluster/v3/cluster.ts';
import { encodeResource } from './encode.ts';
import { resourceJson } from './json.ts';

const named = (name: string, origins: readonly string[] = []) =>
  encodeResource(Cluster, name, { name, altStatName: 'x'.repeat(200) }, origins);

it('the bytes are an Any of the message, with its type', () => {
  const resource = named('a');
  assert.deepEqual(
    [resource.size, resourceJson(resource)],
    [
      Buffer.concat(resource.chunks).length,
      {
        '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
        name: 'a',
        altStatName: 'x'.repeat(200),
      },
    ],
  );
});

it('the version names the bytes, and nothing else', () => {
  const versions = [named('a'), named('a', ['Service/shop/a']), named('b')].map(({ version }) => version);
  assert.deepEqual([versions[0] === versions[1], versions[0] === versions[2]], [true, false]);
});

it('the origins are those given', () => {
  assert.deepEqual(named('a', ['Service/shop/a']).origins, ['Service/shop/a']);
});
