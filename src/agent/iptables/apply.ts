/** Puts rules in force in the network namespace of this process, and takes them away again. */
import { spawnSync } from 'node:child_process';
import { type Family, type InterceptionOptions, interceptionRules, passOn, tproxyMark } from './rules.ts';
import { removalScript, restoreScript } from './script.ts';

/** Interception that cannot be set up; the message says why, and what would help. */
export class InterceptionError extends Error {
  override readonly name = 'InterceptionError';
}

export interface Backend {
  /** `nf_tables` or `legacy`, as iptables says of itself. */
  readonly kind: string;
  /** The beginning of the names of its programs by family: `iptables`, `ip6tables`. */
  readonly programs: { readonly [family in Family]: string };
}

/**
 * Which of them is there: the one that has rules of ours, else the one with rules of others, since rules of two would lie one above
 * the other. IPTABLES_VARIANT (`nft`, `legacy` or `iptables`) says it too. Throws InterceptionError.
 */
export function findBackend(env: NodeJS.ProcessEnv = process.env): Backend {
  const stated = env.IPTABLES_VARIANT;
  const suffixes = stated === undefined || stated === '' ? allSuffixes : [stated === 'iptables' ? '' : `-${stated}`];
  const found = backendsOf(suffixes);
  const [first] = found;
  if (first === undefined)
    throw new InterceptionError(
      `expected ${suffixes.map((suffix) => `iptables${suffix}`).join(', ')} on PATH, found none: install iptables, or inject an image that has it`,
    );
  // Each reads what is in force once: every container of a pod waits for this.
  const states = found.map((backend) => ({ backend, inForce: inForceIn(backend) }));
  const having = (rule: RegExp) => states.find(({ inForce }) => rule.test(inForce))?.backend;
  return having(ours) ?? having(/^-A /m) ?? first;
}

const allSuffixes = ['', '-nft', '-legacy'];

function backendsOf(suffixes: readonly string[]): readonly Backend[] {
  return suffixes.flatMap((suffix) => {
    const { status, stdout } = spawnSync(`iptables${suffix}`, ['--version'], { encoding: 'utf8' });
    const kind = /\((nf_tables|legacy)\)/.exec(stdout ?? '')?.[1] ?? 'legacy';
    return status === 0 ? [{ kind, programs: { 4: `iptables${suffix}`, 6: `ip6tables${suffix}` } }] : [];
  });
}

/** A chain that some run has made. */
const ours = /^:FAIRWAY_/m;

function inForceIn(backend: Backend): string {
  return families.map((family) => saved(backend, family) ?? '').join('\n');
}

const families: readonly Family[] = [4, 6];

/** Rules of others, such as those of kube-proxy on a node, are easily more than the megabyte that Node reads unless told. */
const ofAnyLength = { encoding: 'utf8', maxBuffer: Number.POSITIVE_INFINITY } as const;

/**
 * Intercepts; a second time changes nothing, and with other options or by another backend leaves nothing of the first. Throws
 * InterceptionError, and leaves nothing of ours in force in the family that it failed with.
 */
export function applyRules(backend: Backend, options: InterceptionOptions, wanted: readonly Family[]): void {
  for (const family of wanted) {
    const rules = interceptionRules(options, family);
    const before = savedOrThrow(backend, family);
    try {
      // Without its route a marked packet would go nowhere; without marks the route does nothing.
      if (options.mode === 'TPROXY') routeMarked(family);
      // All of 127.0.0.0/8 is the machine's, of IPv6 only what it is given.
      if (family === 6) ip(6, ['address', 'replace', passOn[6], 'dev', 'lo']);
      restore(backend, family, restoreScript(rules, before));
      if (options.mode !== 'TPROXY') unrouteMarked(family);
    } catch (error) {
      try {
        removeFrom(backend, family);
      } catch {
        // For the same reason; it is told below.
      }
      throw error;
    }
  }
  removeFromOthers(backend);
}

/** Takes all rules away that any run has made, of every family that is there. Throws InterceptionError. */
export function removeRules(backend: Backend): readonly Family[] {
  // iptables-save of legacy says, of all to whom it may not say anything, that there is nothing.
  outcome(backend.programs[4], ['-t', 'nat', '-S']);
  const present = families.filter((family) => family === 4 || saved(backend, family) !== undefined);
  for (const family of present) removeFrom(backend, family);
  removeFromOthers(backend);
  return present;
}

/** From backends of the other kind: an earlier run was told to use them. Routes and addresses have no kind. */
function removeFromOthers({ kind }: Backend): void {
  const others = backendsOf(allSuffixes).filter((other) => other.kind !== kind && ours.test(inForceIn(other)));
  for (const other of others)
    for (const family of families) restore(other, family, removalScript(saved(other, family) ?? ''));
}

function removeFrom(backend: Backend, family: Family): void {
  restore(backend, family, removalScript(savedOrThrow(backend, family)));
  unrouteMarked(family);
  if (family === 6) spawnSync('ip', ['-6', 'address', 'del', passOn[6], 'dev', 'lo']);
}

/** What is in force; undefined where the kernel has no tables of the family, or this process no right to them. */
export function saved({ programs }: Backend, family: Family): string | undefined {
  const { status, stdout } = spawnSync(`${programs[family]}-save`, [], ofAnyLength);
  return status === 0 ? stdout : undefined;
}

function savedOrThrow({ programs }: Backend, family: Family): string {
  return outcome(`${programs[family]}-save`, []);
}

function restore({ programs }: Backend, family: Family, script: string): void {
  if (script !== '') outcome(`${programs[family]}-restore`, ['--noflush', '--wait=30'], script);
}

/** What a program says. Throws InterceptionError with what it complains of, and what would help. */
function outcome(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, [...args], { input, ...ofAnyLength });
  if (status === 0) return stdout;
  const complaints = (stderr ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const text = error?.message ?? complaints[0] ?? `ended with ${status}`;
  const isRefused = /denied|not permitted|can't initialize|unable to initialize/i.test(text);
  throw new InterceptionError(`${program}: ${text}${isRefused ? `; ${permission}` : ''}`);
}

const permission = 'is there CAP_NET_ADMIN (securityContext.capabilities.add: [NET_ADMIN, NET_RAW])?';

/** The table of routes by which packets with the mark are taken for packets to this machine. Istio's number. */
const routeTable = '133';

function routeMarked(family: Family): void {
  const { stdout } = spawnSync('ip', [`-${family}`, 'rule', 'list'], { encoding: 'utf8' });
  const mark = `fwmark 0x${tproxyMark.toString(16)} lookup ${routeTable}`;
  if (!(stdout ?? '').includes(mark)) ip(family, ['rule', 'add', ...markedRule]);
  const all = family === 4 ? '0.0.0.0/0' : '::/0';
  ip(family, ['route', 'replace', 'local', all, 'dev', 'lo', 'table', routeTable]);
}

function unrouteMarked(family: Family): void {
  while (spawnSync('ip', [`-${family}`, 'rule', 'del', ...markedRule]).status === 0);
  spawnSync('ip', [`-${family}`, 'route', 'flush', 'table', routeTable]);
}

const markedRule = ['fwmark', String(tproxyMark), 'lookup', routeTable];

function ip(family: Family, args: readonly string[]): void {
  outcome('ip', [`-${family}`, ...args]);
}
