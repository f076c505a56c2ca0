/** What the operations of an EnvoyFilter's patches amount to on each of the things that they apply to. */
import type { ConfigPatch } from './envoy-filter.ts';

export type ApplyTo = Exclude<NonNullable<ConfigPatch['applyTo']>, 'INVALID'>;
export type Operation = Exclude<NonNullable<NonNullable<ConfigPatch['patch']>['operation']>, 'INVALID'>;

const merges: readonly Operation[] = ['MERGE', 'MERGE_AND_REPLACE_LIST'];
const insertions: readonly Operation[] = ['INSERT_BEFORE', 'INSERT_AFTER', 'INSERT_FIRST'];
const all: readonly Operation[] = [...merges, ...insertions, 'ADD', 'REMOVE', 'REPLACE'];

const effective: { readonly [target in ApplyTo]: readonly Operation[] } = {
  CLUSTER: [...merges, 'ADD', 'REMOVE'],
  LISTENER: [...merges, 'ADD', 'REMOVE'],
  FILTER_CHAIN: [...merges, 'ADD', 'REMOVE'],
  NETWORK_FILTER: all,
  HTTP_FILTER: all,
  LISTENER_FILTER: all,
  ROUTE_CONFIGURATION: merges,
  VIRTUAL_HOST: [...merges, 'ADD', 'REMOVE', 'REPLACE'],
  HTTP_ROUTE: [...merges, ...insertions, 'ADD', 'REMOVE'],
  EXTENSION_CONFIG: ['ADD'],
  BOOTSTRAP: [],
};

/** The operations that do something to what a patch applies to; none for BOOTSTRAP, which is the agent's. */
export function operationsOn(applyTo: ApplyTo): readonly Operation[] {
  return effective[applyTo];
}

/** The operation that is carried out: where order means nothing, inserting is adding. Undefined for none. */
export function effectiveOperation(applyTo: ApplyTo, operation: Operation): Operation | undefined {
  const known = effective[applyTo];
  if (known.includes(operation)) return operation;
  return insertions.includes(operation) && known.includes('ADD') ? 'ADD' : undefined;
}
