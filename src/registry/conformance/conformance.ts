/**
 * The behaviours that every registry has to show, whatever its platform: Kubernetes, Consul, Nomad, files, and adapters of
 * others. Each is tried in a world of its own, by whichever test runner there is.
 */
import { definitions } from './definitions.ts';
import { Observed } from './observed.ts';
import { expectNone, fail } from './steps.ts';
import type { Ability, World } from './world.ts';

export interface Behaviour {
  /** A sentence whose subject is the registry: `adds an instance`. */
  readonly name: string;
  /** Rejected with an Error that says what was expected and what was found. It does not close the world. */
  check(world: World): Promise<Outcome>;
}

/** A behaviour that the world cannot show, and why; undefined when it was shown. */
export type Outcome = { readonly skipped: string } | undefined;

/** All behaviours. Rows keep their keys, and stay as they were given, in every one of them. */
export const behaviours: readonly Behaviour[] = definitions.map(({ name, needs, tells: mayTell, trial }) => ({
  name,
  async check(world) {
    const reason = needs === undefined ? undefined : whyNot(world, needs);
    if (reason !== undefined) return { skipped: reason };
    const all: Observed[] = [];
    const begin = () => {
      const seen = new Observed(world);
      all.push(seen);
      return seen;
    };
    const open = async () => {
      const seen = begin();
      await seen.until('it to be synced', () => seen.syncedCount > 0);
      return seen;
    };
    try {
      await trial({ world, begin, open });
      for (const seen of all) {
        if (mayTell === undefined) expectNone(seen.problems());
        await seen.finish();
      }
    } finally {
      await Promise.allSettled(all.map((seen) => seen.finish()));
    }
    return undefined;
  },
}));

/** Why a world has not an ability; undefined when it has it. Throws when it does not say. */
function whyNot(world: World, ability: Ability): string | undefined {
  const reason = world.cannot[ability];
  if (ability === 'unhealthy') return reason;
  if (world[ability] !== undefined) return undefined;
  return reason ?? fail(`${ability} in the world, or cannot.${ability} with a reason`, 'neither');
}
