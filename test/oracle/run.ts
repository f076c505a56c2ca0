/** Runs a history on a control plane that lives through it, and compares it after each commit with new ones. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { type Change, Plane } from '../support/plane.ts';
import { differences } from '../support/served.ts';
import type { Batch } from './history.ts';
import { namesFor } from './names.ts';
import { MeshState } from './state.ts';

/** Throws at the first commit after which some proxy holds anything else than it would hold from scratch. */
export async function run(batches: readonly Batch[]): Promise<void> {
  const state = new MeshState();
  const live = new Plane({ namesFor });
  for (const [i, batch] of batches.entries()) {
    live.take(state.take(batch));
    assert.deepEqual(live.failures, []);
    const found = compare(live, state, { narrows: false });
    if (found.length > 0) {
      const cause = compare(live, state, {}).length > 0 ? 'from scratch' : 'without narrowing';
      assert.fail(`after batch ${i} proxies hold what they would not hold ${cause}:\n${found.slice(0, 12).join('\n')}`);
    }
    // Control planes schedule a commit of their own, which keeps them in memory until the event loop turns.
    await setImmediate();
  }
  live.close();
  assert.equal(live.controlPlane.graph.size, 0, 'cells are kept that nobody needs');
}

function compare(live: Plane, state: MeshState, options: { readonly narrows?: boolean }): readonly string[] {
  const fresh = fromScratch(state, options);
  assert.deepEqual(fresh.failures, []);
  return [...state.proxies.keys()].flatMap((seat) =>
    differences(live.served(seat), fresh.served(seat)).map((line) => `proxy ${seat}: ${line}`),
  );
}

/** Everything that a state holds, in an order that has nothing to do with how it came about. */
function fromScratch(state: MeshState, options: { readonly narrows?: boolean }): Plane {
  const plane = new Plane({ namesFor, ...options });
  const objects = [...state.objects].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, object]) => object);
  const changes: Change[] = [
    { do: 'configure', mesh: state.mesh },
    { do: 'network', networks: state.networks },
    ...[...state.clusters].map((cluster) => ({ do: 'join', cluster }) as const),
    ...[...state.catalogServices]
      .sort(([a], [b]) => (a < b ? 1 : -1))
      .map(([, change]) => ({ do: 'register', change }) as const),
    ...objects.map((object) => ({ do: 'put', object }) as const),
    ...[...state.proxies].map(([seat, proxy]) => ({ do: 'connect', seat, proxy }) as const),
  ];
  plane.take(changes);
  return plane;
}
