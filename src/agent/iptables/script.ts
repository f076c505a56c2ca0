/** From rules to what iptables-restore reads, and from what iptables-save says to what is there already. */
import type { TableRules } from './rules.ts';

/** Puts the rules in force in one step for each table; rules of others stay. `saved` is what iptables-save says now. */
export function restoreScript(tables: readonly TableRules[], saved: string): string {
  return tables
    .map(({ table, chains, rules, jumps }) => {
      const present = new Set(rulesIn(saved, table).map(normalised));
      return [
        `*${table}`,
        // A chain that is named is made, or emptied.
        ...chains.map((chain) => `:${chain} - [0:0]`),
        ...rules,
        ...jumps.filter((jump) => !present.has(normalised(jump))),
        'COMMIT',
        '',
      ].join('\n');
    })
    .join('');
}

/** Takes everything of ours away that is there, whatever options it came from; empty when nothing is. */
export function removalScript(saved: string): string {
  return (['nat', 'mangle', 'raw'] as const)
    .map((table) => {
      const lines = section(saved, table);
      const chains = lines.flatMap((line) => /^:(FAIRWAY_\S+)/.exec(line)?.[1] ?? []);
      const jumps = rulesIn(saved, table).filter((rule) => !rule.startsWith('-A FAIRWAY_') && isOurs(rule));
      if (chains.length + jumps.length === 0) return '';
      return [
        `*${table}`,
        ...jumps.map((rule) => rule.replace(/^-A /, '-D ')),
        ...chains.map((chain) => `-F ${chain}`),
        ...chains.map((chain) => `-X ${chain}`),
        'COMMIT',
        '',
      ].join('\n');
    })
    .join('');
}

function isOurs(rule: string): boolean {
  return /-j FAIRWAY_/.test(rule) || rule.includes('--comment fairway');
}

function rulesIn(saved: string, table: string): readonly string[] {
  return section(saved, table).filter((line) => line.startsWith('-A '));
}

/** The lines of one table. */
function section(saved: string, table: string): readonly string[] {
  const lines = saved.split('\n');
  const start = lines.indexOf(`*${table}`);
  if (start === -1) return [];
  const end = lines.indexOf('COMMIT', start);
  return lines.slice(start + 1, end === -1 ? undefined : end);
}

/** iptables-save writes numbers of marks in its own way, and names what is the default. */
function normalised(rule: string): string {
  return rule
    .replace(/0x([\da-f]+)/g, (_, hex: string) => String(Number.parseInt(hex, 16)))
    .replace(/-p tcp -m tcp /g, '-p tcp ')
    .replace(/-p udp -m udp /g, '-p udp ')
    .trim();
}
