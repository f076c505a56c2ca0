import { describe, it } from 'node:test';
import { behaviours } from '../../src/registry/conformance/conformance.ts';
import type { World } from '../../src/registry/conformance/world.ts';

/** Tries all that every registry has to show, each in a world of its own. What a world cannot do is skipped with its reason. */
export function conformanceSuite(name: string, open: () => Promise<World>): void {
  describe(`${name}, as every registry,`, () => {
    for (const behaviour of behaviours)
      it(behaviour.name, async (test) => {
        const world = await open();
        test.after(() => world.close());
        const outcome = await behaviour.check(world);
        if (outcome !== undefined) test.skip(outcome.skipped);
      });
  });
}
