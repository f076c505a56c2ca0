/**
 * What is in force of one service while its catalog may be wrong about it: what the catalog says, and the instances that are
 * gone from its answers without being believed to be. Pure: when the catalog is asked again is the guard's part.
 *
 * No answer takes more than half of the instances that the answer before it named; those are held instead. A second look is an
 * answer like every other, except that it settles what was held before.
 */
import type { CatalogInstance, CatalogService } from '../model/catalog.ts';
import { isMostGone } from '../source/disappearance.ts';

type Instances = ReadonlyMap<string, CatalogInstance>;

export interface GuardedService {
  /** What the catalog says; undefined when there is no such service. */
  readonly said: CatalogService | undefined;
  /** Instances that it does not name any more, by id. Those that it names are not among them. */
  readonly held: Instances;
  /** The service as it was when it had instances last: what is held is part of it. */
  readonly whole: CatalogService | undefined;
  /** How many instances it had before any were held. */
  readonly usual: number;
}

export const unknownService: GuardedService = { said: undefined, held: new Map(), whole: undefined, usual: 0 };

/** Takes what the catalog says of its own accord. */
export function takeAnswer(before: GuardedService, said: CatalogService | undefined): GuardedService {
  const now = instancesOf(said);
  const known = instancesOf(before.said);
  const gone = [...known].filter(([id]) => !now.has(id));
  const held = new Map([...before.held].filter(([id]) => !now.has(id)));
  if (isMostGone(known.size, gone.length)) for (const [id, instance] of gone) held.set(id, instance);
  return {
    said,
    held,
    whole: now.size > 0 ? said : before.whole,
    usual: held.size === 0 ? now.size : before.usual,
  };
}

/** Takes what the catalog says when it is asked again, nothing having been said in between. */
export function takeReread(before: GuardedService, said: CatalogService | undefined): GuardedService {
  return takeAnswer({ ...before, held: unknownService.held }, said);
}

/** As takeReread, when the catalog has said something in between: only what neither names is settled. */
export function takeLateReread(before: GuardedService, said: CatalogService | undefined): GuardedService {
  const now = instancesOf(said);
  return { ...before, held: new Map([...before.held].filter(([id]) => now.has(id))) };
}

/** Believes that what is held is gone. */
export function letGo(before: GuardedService): GuardedService {
  return takeReread(before, before.said);
}

/** The service with what is held of it; undefined when there is none. */
export function inForce({ said, held, whole }: GuardedService): CatalogService | undefined {
  if (held.size === 0 || whole === undefined) return said;
  if (said === undefined) return { ...whole, instances: [...held.values()] };
  // What a catalog says of a service may follow from its instances: without any there are no ports.
  const others = whole.ports.filter(
    ({ number, name }) => !said.ports.some((port) => port.number === number || port.name === name),
  );
  return { ...said, ports: [...said.ports, ...others], instances: [...said.instances, ...held.values()] };
}

/** How many instances are in force. */
export function countOf({ said, held }: GuardedService): number {
  return (said?.instances.length ?? 0) + held.size;
}

/** Whether all instances in force are held. */
export function isAllHeld({ said, held }: GuardedService): boolean {
  return held.size > 0 && (said?.instances.length ?? 0) === 0;
}

/** Whether the catalog names fewer instances than there were: it may be about to name more. As many others are a replacement. */
export function isThin({ said, held, usual }: GuardedService): boolean {
  return held.size > 0 && (said?.instances.length ?? 0) < usual;
}

function instancesOf(service: CatalogService | undefined): Instances {
  return new Map(service?.instances.map((instance) => [instance.id, instance]));
}
