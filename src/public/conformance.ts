/**
 * What an adapter's test imports: `fairway/conformance`, the behaviours that every registry has to show. Kept as docs/adr/0036
 * says.
 */
// biome-ignore-start lint/performance/noBarrelFile: a package has no other way to say what of it is public
export { catalogRows } from '../registry/conformance/catalog-rows.ts';
export { type Behaviour, behaviours, type Outcome } from '../registry/conformance/conformance.ts';
export type { Ability, WantedInstance, World } from '../registry/conformance/world.ts';
export type { RegistryChange } from '../registry/registry.ts';
// biome-ignore-end lint/performance/noBarrelFile: see above
