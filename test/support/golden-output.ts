/** From a proxy's resources to the text of a golden. */
import { stringify } from 'yaml';
import { type Json, resourceJson } from '../../src/resource/json.ts';
import type { Golden, Shown } from './golden.ts';
import { type ProxyResources, resourcesFor } from './proxy-configuration.ts';

export function resourcesOf({ controlPlane, proxy }: Golden): ProxyResources {
  return resourcesFor(controlPlane(), proxy);
}

/** One entry for each part that is shown, in the order in which the golden names them. */
export function outputOf(golden: Golden): string {
  const resources = resourcesOf(golden);
  const entries = golden.shows.flatMap((shown) => entriesOf(shown, resources));
  return stringify(Object.fromEntries(entries), { lineWidth: 120, aliasDuplicateObjects: false });
}

function entriesOf(shown: Shown, resources: ProxyResources): readonly (readonly [string, unknown])[] {
  const { kind, name, path } = shown;
  const found = [...resources]
    .filter(([type]) => type.endsWith(`.${kind}`))
    .flatMap(([, all]) => all)
    .filter((resource) => name.test(resource.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (path === 'names') return [[shown.text, found.map((resource) => resource.name)]];
  if (found.length === 0) return [[shown.text, 'unset']];
  return found.map((resource) => {
    const { '@type': _, ...json } = resourceJson(resource) as { readonly [field: string]: Json };
    return [`${kind} ${resource.name}${path === '' ? '' : ` ${path}`}`, partAt(json, stepsOf(path))];
  });
}

/** `virtualHosts[a.com:80].routes[*].match`: fields, and items of lists by name, by position or all. */
function stepsOf(path: string): readonly string[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, item, field]) => item ?? field ?? '');
}

function partAt(value: Json | undefined, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined || value === undefined) return value ?? 'unset';
  if (Array.isArray(value)) {
    if (step === '*') return value.map((item) => partAt(item, rest));
    const named = value.find((item) => (item as { readonly name?: string } | null)?.name === step);
    return partAt(named ?? value[Number(step)], rest);
  }
  return partAt((value as { readonly [field: string]: Json })[step], rest);
}
