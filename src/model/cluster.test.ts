import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAbout, isKubernetes, kubernetesRegistry } from './cluster.ts';

describe('what a registry reports', () => {
  function check(
    name: string,
    registry: string,
    expected: { readonly isKubernetes: boolean; readonly isAbout: boolean },
  ): void {
    it(name, () =>
      assert.deepEqual({ isKubernetes: isKubernetes(registry), isAbout: isAbout(registry, 'east') }, expected),
    );
  }
  check('is about its own cluster', kubernetesRegistry('east'), { isKubernetes: true, isAbout: true });
  check('is not about another cluster', kubernetesRegistry('west'), { isKubernetes: true, isAbout: false });
  check('is not about a cluster whose id begins alike', kubernetesRegistry('east/2'), {
    isKubernetes: true,
    isAbout: false,
  });
  check('is about every cluster when it is none', 'service-entry', { isKubernetes: false, isAbout: true });
});
