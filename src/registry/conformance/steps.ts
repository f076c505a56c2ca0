/** What a trial of a behaviour does and demands. Each throws an Error that says what was expected and what was found. */
import { isDeepStrictEqual } from 'node:util';
import type { Observed } from './observed.ts';
import type { WantedInstance, World } from './world.ts';

/** Waits until a service is at these places and no others. */
export async function holds(
  seen: Observed,
  world: World,
  service: string,
  instances: readonly WantedInstance[],
): Promise<void> {
  const wanted = places(instances);
  const host = world.hostname(service);
  await seen.until(`${host} at ${wanted.join(', ')}`, () => isDeepStrictEqual(seen.endpoints(host), wanted));
}

/** Waits until there is no service of that name. */
export async function isGone(seen: Observed, world: World, service: string): Promise<void> {
  const host = world.hostname(service);
  await seen.until(`${host} to be gone`, () => seen.endpoints(host) === undefined);
}

/** Waits until the source says so, and why. */
export async function isStale(seen: Observed): Promise<void> {
  await seen.until('it to be stale, with a reason', () => {
    const { freshness } = seen;
    return freshness.state === 'stale' && freshness.reason !== '' && freshness.sinceMs <= Date.now();
  });
}

/** Waits until the source says so. */
export async function isLive(seen: Observed): Promise<void> {
  await seen.until('it to be live', () => seen.freshness.state === 'live');
}

/** Waits until something is told as a problem. */
export async function tells(seen: Observed): Promise<void> {
  await seen.until('a problem with what is broken', () => seen.problems().length > 0);
}

/** Throws when there is anything. */
export function expectNone(found: readonly string[]): void {
  expect(found.length === 0, 'nothing else to change or to be wrong', found.join('; '));
}

/** Throws when something is not so. */
export function expect(isSo: boolean, expected: string, found: string): void {
  if (!isSo) fail(expected, found);
}

/** Throws. */
export function fail(expected: string, found: string): never {
  throw new Error(`expected ${expected}, found ${found}`);
}

/** What `Observed.endpoints` has of instances. */
function places(instances: readonly WantedInstance[]): readonly string[] {
  return instances.map(({ address, port, isHealthy }) => `${address}:${port}${isHealthy ? '' : ' unhealthy'}`).sort();
}
