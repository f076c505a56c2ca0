/**
 * Which services have other instances or checks than before, by the summary that Consul's own pages show: one answer for all
 * services. Consul promises nothing of it, so it names services that are worth a look and decides nothing.
 */
import { canonical } from '../../lib/canonical.ts';
import type { Summaries } from './schema.ts';

/** Remembers the last summary. */
export class SummaryList {
  #known: ReadonlyMap<string, string> | undefined;

  /** Takes the summary of now, and yields the names, in lower case, of services of which it says something else; none at first. */
  take(summaries: Summaries): readonly string[] {
    const before = this.#known;
    const now = new Map(summaries.map(({ Name, ...rest }) => [Name.toLowerCase(), textOf(rest)]));
    this.#known = now;
    if (before === undefined) return [];
    return [...now].flatMap(([name, text]) => (before.get(name) === text ? [] : [name]));
  }
}

/** Lists are in no order. */
function textOf({ Nodes = [], Tags = [], ...counts }: Omit<Summaries[number], 'Name'>): string {
  return canonical({ ...counts, Nodes: [...Nodes].sort(), Tags: [...Tags].sort() });
}
