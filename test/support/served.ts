/** What a proxy holds of each type, and how two such holdings differ. */
import type { Resource } from '../../src/resource/resource.ts';
import { pushOrder, shortType, type TypeUrl } from '../../src/resource/types.ts';

export type Served = ReadonlyMap<TypeUrl, ReadonlyMap<string, Resource>>;

/** One line for each difference, in the order in which proxies are told of types. */
export function differences(found: Served, expected: Served): readonly string[] {
  return pushOrder.flatMap((type) => {
    const [have, want] = [found.get(type) ?? new Map(), expected.get(type) ?? new Map()];
    const names = [...new Set([...have.keys(), ...want.keys()])].sort();
    return names.flatMap((name) => {
      const what = difference(have.get(name), want.get(name));
      return what === undefined ? [] : [`${shortType(type)} ${name}: ${what}`];
    });
  });
}

function difference(have: Resource | undefined, want: Resource | undefined): string | undefined {
  if (have === undefined || want === undefined)
    return have === want ? undefined : have === undefined ? 'is missing' : 'is too much';
  if (!Buffer.concat(have.chunks).equals(Buffer.concat(want.chunks))) return 'has other bytes';
  if (have.version !== want.version) return `has version ${have.version} for the bytes of ${want.version}`;
  const [origins, wanted] = [provenance(have), provenance(want)];
  return origins === wanted ? undefined : `comes from ${origins}, expected from ${wanted}`;
}

function provenance({ origins, parts = [] }: Resource): string {
  return JSON.stringify([origins, ...parts.map((part) => [part.name, part.origins, part.routes])]);
}
