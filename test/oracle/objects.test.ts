import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Plane } from '../support/plane.ts';
import { history } from './history.ts';

describe('the objects of random histories', () => {
  const puts = fc
    .sample(history, { seed: 1, numRuns: 100 })
    .flat(2)
    .flatMap((step) => (step.do === 'put' ? [step] : []));

  it('are all valid: a control plane built from scratch cannot know the last good version of one that is not', () => {
    const plane = new Plane();
    const refusals = puts.flatMap((change) => {
      plane.take([change]);
      const refused = plane.controlPlane.diagnostics.all().filter(({ severity }) => severity === 'error');
      return refused.length === 0 ? [] : [{ object: change.object, refused }];
    });
    assert.deepEqual(refusals, []);
  });

  it('are of every kind', () => {
    const kinds = new Set(puts.map(({ object }) => object.kind));
    assert.deepEqual([...kinds].sort(), [
      'ConfigMap',
      'DestinationRule',
      'EndpointSlice',
      'Endpoints',
      'EnvoyFilter',
      'Gateway',
      'Namespace',
      'Node',
      'Pod',
      'Secret',
      'Service',
      'ServiceEntry',
      'Sidecar',
      'VirtualService',
      'WorkloadEntry',
    ]);
  });
});
