import assert from 'node:assert/strict';
import { it } from 'node:test';
import { effectLines, jsonOf, patchesIn } from '../../../test/support/patches.ts';
import { addedMessages } from './added.ts';

it('patches add resources of a kind, each with a name that no earlier one has', () => {
  const patches = patchesIn(`
- {applyTo: CLUSTER, patch: {operation: ADD, value: {name: a, connect_timeout: 1s}}}
- {applyTo: CLUSTER, patch: {operation: ADD, value: {name: a, connect_timeout: 2s}}}
- {applyTo: CLUSTER, patch: {operation: ADD, value: {connect_timeout: 3s}}}
- {applyTo: LISTENER, patch: {operation: ADD, value: {name: b}}}
- {applyTo: CLUSTER, patch: {operation: MERGE, value: {name: c}}}`);
  const { added, effects } = addedMessages('CLUSTER', patches);
  assert.deepEqual(
    added.map(({ name, bytes, patch }) => ({ name, message: jsonOf('envoy.config.cluster.v3.Cluster', bytes), patch })),
    [{ name: 'a', message: { name: 'a', connectTimeout: '1s' }, patch: patches[0] }],
  );
  assert.deepEqual(effectLines(effects), [
    '0',
    '1: expected a name that no earlier patch has added, found a',
    '2: expected a name for what is added, found none',
  ]);
});
