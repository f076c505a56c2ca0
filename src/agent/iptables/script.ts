/** From rules to what iptables-restore reads, and from what iptables-save says to what is there already. */
import type { TableName, TableRules } from './rules.ts';

/** The one that everything goes through last, so that nothing is intercepted by halves. */
const tableNames: readonly TableName[] = ['raw', 'mangle', 'nat'];

/**
 * Puts the rules in force in place of any of ours, whatever options those came from; in one step for each table. Rules of others
 * stay, and ours keep their place among them where they lead to the same chains. `saved` is what iptables-save says now.
 */
export function restoreScript(wanted: readonly TableRules[], saved: string): string {
  return tableNames
    .map((name) => tableScript(wanted.find(({ table }) => table === name) ?? nothing(name), section(saved, name)))
    .join('');
}

/** Takes everything of ours away that is there; empty when nothing is. */
export function removalScript(saved: string): string {
  return restoreScript([], saved);
}

function nothing(table: TableName): TableRules {
  return { table, chains: [], rules: [], jumps: [] };
}

function tableScript({ table, chains, rules, jumps }: TableRules, lines: readonly string[]): string {
  const present = lines.filter((line) => /^-A (?!FAIRWAY_).* -j FAIRWAY_/.test(line));
  const stale = lines
    .flatMap((line) => /^:(FAIRWAY_\S+)/.exec(line)?.[1] ?? [])
    .filter((chain) => !chains.includes(chain));
  const isLed = inOrder(present) === inOrder(jumps);
  const statements = [
    // A chain that is named is made, or emptied.
    ...chains.map((chain) => `:${chain} - [0:0]`),
    ...(isLed ? [] : present.map((rule) => rule.replace(/^-A /, '-D '))),
    ...stale.map((chain) => `-F ${chain}`),
    ...stale.map((chain) => `-X ${chain}`),
    ...rules,
    ...(isLed ? [] : jumps),
  ];
  return statements.length === 0 ? '' : [`*${table}`, ...statements, 'COMMIT', ''].join('\n');
}

/** The order counts within a chain of the kernel, and differs between programs from one chain to another. */
function inOrder(jumps: readonly string[]): string {
  const chain = (rule: string) => rule.split(' ', 2).join(' ');
  return [...jumps].sort((one, other) => chain(one).localeCompare(chain(other))).join('\n');
}

/** The lines of one table. */
function section(saved: string, table: string): readonly string[] {
  const lines = saved.split('\n').map((line) => line.trim());
  const start = lines.indexOf(`*${table}`);
  if (start === -1) return [];
  const end = lines.indexOf('COMMIT', start);
  return lines.slice(start + 1, end === -1 ? undefined : end);
}
