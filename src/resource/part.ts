/** Lists of resources that any number of scopes share. */
import type { Query } from '../incremental/query.ts';
import { compareTexts } from '../lib/compare.ts';
import { sameItems } from '../lib/equal.ts';
import type { Scope } from '../model/scope.ts';
import type { Resource } from './resource.ts';

/** A list of resources, sorted by name. */
export interface Part {
  readonly id: string;
  readonly query: Query<unknown, readonly Resource[]>;
  readonly key: unknown;
}

export interface ScopedName {
  readonly scope: Scope;
  readonly name: string;
}

export const scopedNameKey = ({ scope, name }: ScopedName) => `${scope.key}\n${name}`;

/** The part that a query makes for a key, whose text is `id`. */
export function partOf<K>(query: Query<K, readonly Resource[]>, key: K, id: string): Part {
  return { id: `${query.name}\n${id}`, query: query as Query<unknown, readonly Resource[]>, key };
}

export function sameResources(a: readonly Resource[], b: readonly Resource[]): boolean {
  return sameItems(a, b);
}

export function samePartIds(a: readonly Part[], b: readonly Part[]): boolean {
  return sameItems(a, b, (x, y) => x.id === y.id);
}

export function sorted(resources: readonly Resource[]): readonly Resource[] {
  return [...resources].sort((a, b) => compareTexts(a.name, b.name));
}
