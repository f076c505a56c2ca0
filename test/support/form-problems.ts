import { type Kind, kinds } from '../../src/config/kinds.ts';
import { formatPath } from '../../src/lib/schema.ts';

/** What `fairway validate` says against the form of a spec: its types, names and values, not yet what they mean together. */
export function formProblems(kind: Kind, spec: unknown): readonly string[] {
  const found: string[] = [];
  kinds[kind].schema.decode(spec ?? {}, ['spec'], ({ kind: what, path }) => {
    if (what !== 'not-executed') found.push(`${formatPath(path)}: ${what}`);
  });
  return found;
}
