/** The virtual hosts of a layout by reference, and how they share out names that several of them could have. */
import type { Hostname } from '../model/hostname.ts';
import type { Client } from '../model/scope.ts';

/** One virtual host of a layout. */
export interface LayoutEntry {
  readonly name: string;
  readonly domains: readonly string[];
  /** The client as which its routes are resolved. */
  readonly client: Client;
  readonly host: Hostname;
  readonly port: number;
  /** The rule of a host that is no service here; absent for services. */
  readonly rule?: string;
  /** Names all that the virtual host is made from; made once, since every change of a layout's hosts asks for it. */
  readonly key: string;
}

/** A service that is to stand in a layout. */
export interface Candidate {
  /** A rule routes it: it comes first where names are shared out. */
  readonly isRouted: boolean;
  /** Its full names, which nobody else has. */
  readonly own: readonly string[];
  /** Names that it gives up where they are somebody's own, or somebody's before it. */
  readonly others: readonly string[];
  /** Its entry as long as it keeps all of them. */
  readonly entry: LayoutEntry;
}

/** How domains are written: as they are, or with the port that requests name; port 80 may be left out. */
export type DomainForm = 'plain' | 'with-ports';

export function domainsIn(form: DomainForm, port: number, domains: readonly string[]): readonly string[] {
  if (form === 'plain') return domains;
  return domains.flatMap((domain) => (port === 80 ? [domain, `${domain}:80`] : [`${domain}:${port}`]));
}

export function toEntry(part: Omit<LayoutEntry, 'name' | 'key'>): LayoutEntry {
  const { client, port, host, rule = '', domains } = part;
  return { ...part, name: `${host}:${port}`, key: `${client.key}\n${port}\n${host}\n${rule}\n${domains.join(' ')}` };
}

/** The entries of one port by name: own names first, then others where nobody else claims them. Strays keep theirs. */
export function layOut(
  candidates: readonly Candidate[],
  strays: readonly LayoutEntry[],
  form: DomainForm,
): readonly LayoutEntry[] {
  const taken = new Set<string>();
  const entries = new Map<string, LayoutEntry>();
  for (const stray of strays) {
    taken.add(stray.host);
    if (!entries.has(stray.name)) entries.set(stray.name, stray);
  }
  for (const { own } of candidates) for (const domain of own) taken.add(domain);
  const inOrder = [...candidates].sort(
    (a, b) => Number(b.isRouted) - Number(a.isRouted) || (a.entry.host < b.entry.host ? -1 : 1),
  );
  for (const candidate of inOrder) {
    const { own, others, entry } = candidate;
    if (entries.has(entry.name)) continue;
    const free = others.filter((domain) => !taken.has(domain));
    for (const domain of free) taken.add(domain);
    const keepsAll = free.length === others.length;
    const { client, host, port } = entry;
    entries.set(
      entry.name,
      keepsAll ? entry : toEntry({ client, host, port, domains: domainsIn(form, port, [...own, ...free]) }),
    );
  }
  return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
