/** Configurations of filters over the aggregated stream (ECDS): asked for by name, changed, and never taken away. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { extensionType } from '../../src/resource/types.ts';
import { serveMesh } from './support/mesh.ts';
import { dialects } from './support/response.ts';

const lua = (name: string, code: string) => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: ${name}, namespace: shop}
spec:
  configPatches:
  - applyTo: EXTENSION_CONFIG
    patch:
      operation: ADD
      value:
        name: ${name}
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua, inline_code: "${code}"}
`;

for (const dialect of dialects)
  describe(`configurations of filters, in the ${dialect} dialect,`, () => {
    it('are sent by name', async (test) => {
      const client = (await serveMesh(test, [lua('a', '1'), lua('b', '1')])).connect(dialect);
      client.subscribe(extensionType, ['a']);
      assert.deepEqual(await client.texts(), ['ecds: a']);
    });

    it('are sent again when they change', async (test) => {
      const mesh = await serveMesh(test, [lua('a', '1'), lua('b', '1')]);
      const client = mesh.connect(dialect);
      client.subscribe(extensionType, ['a']);
      client.ack(await client.next(), ['a']);
      await client.heard();
      mesh.apply(lua('a', '2'), lua('b', '2'));
      assert.deepEqual(await client.texts(), ['ecds: a']);
    });

    it('stay with a proxy that has them', async (test) => {
      const mesh = await serveMesh(test, [lua('a', '1')]);
      const client = mesh.connect(dialect);
      client.subscribe(extensionType, ['a']);
      client.ack(await client.next(), ['a']);
      await client.heard();
      mesh.replace([lua('a', '1')], []);
      await client.heard();
    });

    it('that are not there are not said to be gone, and are sent when they come', async (test) => {
      const mesh = await serveMesh(test, []);
      const client = mesh.connect(dialect);
      client.subscribe(extensionType, ['a']);
      const first = await client.next();
      assert.deepEqual([first.resources, first.removed], [[], []]);
      client.ack(first, ['a']);
      await client.heard();
      mesh.apply(lua('a', '1'));
      assert.deepEqual(await client.texts(), ['ecds: a']);
    });
  });
