/** `fairway registries`: how the registries of a control plane that runs are doing. */
import { type Command, type CommanderError, Option } from 'commander';
import { describe, isRecord } from '../lib/schema.ts';

interface Arguments {
  readonly server: string;
  readonly output: 'text' | 'json';
}

/** A registry as /debug/registries states it. */
interface Registry {
  readonly name: string;
  readonly isSynced: boolean;
  readonly state: string;
  readonly since?: string;
  readonly reason?: string;
  readonly services: number;
  readonly endpoints: number;
  /** Only catalogs hold instances. */
  readonly held?: number;
}

/** A control plane on the same machine answers within this, in milliseconds, or is in no state to. */
const patienceMs = 10_000;

export function registriesCommand(command: Command): Command {
  return command
    .description('Show how well a running Fairway sees its registries, and how much each of them states.')
    .option('--server <url>', 'where it serves HTTP', 'http://127.0.0.1:15014')
    .addOption(
      new Option('-o, --output <format>', 'text for people, json for programs')
        .choices(['text', 'json'])
        .default('text'),
    )
    .exitOverride(({ exitCode }: CommanderError) => process.exit(exitCode === 0 ? 0 : 2))
    .addHelpText(
      'after',
      `
Exit code: 0 every registry is seen as it is; 1 one is stale, lost or still waited for; 2 there was no answer.

Examples:
  fairway registries
  fairway registries --server http://10.0.0.7:15014 --output json | jq -r '.[] | select(.state != "live").name'`,
    )
    .action(registries);
}

async function registries({ server, output }: Arguments, command: Command): Promise<void> {
  const all = await ask(server).catch((error: Error) => command.error(`error: ${error.message}`));
  process.stdout.write(output === 'json' ? `${JSON.stringify(all, undefined, 2)}\n` : formatRegistries(all));
  process.exitCode = all.every(isSeen) ? 0 : 1;
}

function isSeen({ isSynced, state }: Registry): boolean {
  return isSynced && (state === 'live' || state === 'absent');
}

/** Throws an Error whose message says what was found instead of an answer. */
async function ask(server: string): Promise<readonly Registry[]> {
  const url = URL.parse('/debug/registries', server);
  if (url === null) throw new Error(`expected --server <url> such as http://127.0.0.1:15014, found ${server}`);
  const found = (what: string) => new Error(`expected a Fairway at ${server}, found ${what}`);
  let answer: Response;
  try {
    answer = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
  } catch (error) {
    const { message, cause } = error as Error;
    throw found(cause instanceof Error && cause.message !== '' ? cause.message : message);
  }
  if (!answer.ok) throw found(`${answer.status} ${answer.statusText}`);
  const value: unknown = await answer.json().catch(() => undefined);
  if (!Array.isArray(value) || !value.every(isRegistry)) throw found(describe(value));
  return value;
}

function isRegistry(value: unknown): value is Registry {
  return (
    isRecord(value) &&
    typeof value.name === 'string' &&
    typeof value.state === 'string' &&
    typeof value.isSynced === 'boolean'
  );
}

/** A table with a line for each registry, as wide as what is in it. */
export function formatRegistries(all: readonly Registry[]): string {
  const heads = ['NAME', 'STATE', 'SINCE', 'SERVICES', 'ENDPOINTS', 'HELD', 'REASON'];
  const rows = all.map(({ name, isSynced, state, since = '-', services, endpoints, held = '-', reason = '' }) => [
    name,
    isSynced ? state : 'waiting',
    since,
    String(services),
    String(endpoints),
    String(held),
    reason,
  ]);
  const widths = heads.map((_, i) => Math.max(...[heads, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  return [heads, ...rows].map((row) => `${line(row).trimEnd()}\n`).join('');
}
