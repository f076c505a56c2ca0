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

/** Which of them is there, the one with rules first: rules of the other would lie beneath. Throws InterceptionError. */
export function findBackend(env: NodeJS.ProcessEnv = process.env): Backend {
  const stated = env.IPTABLES_VARIANT;
  const names =
    stated === undefined || stated === '' ? ['', '-nft', '-legacy'] : [stated === 'iptables' ? '' : `-${stated}`];
  const found = names.flatMap((suffix) => {
    const { status, stdout } = spawnSync(`iptables${suffix}`, ['--version'], { encoding: 'utf8' });
    const kind = /\((nf_tables|legacy)\)/.exec(stdout ?? '')?.[1] ?? 'legacy';
    return status === 0 ? [{ kind, programs: { 4: `iptables${suffix}`, 6: `ip6tables${suffix}` } }] : [];
  });
  const [first] = found;
  if (first === undefined)
    throw new InterceptionError('expected iptables on PATH, found none: install it, or inject an image that has it');
  return found.find((backend) => /^-A /m.test(saved(backend, 4) ?? '')) ?? first;
}

export interface AppliedRules {
  readonly family: Family;
  readonly script: string;
}

/** What would be put in force, by family. */
export function plannedRules(
  options: InterceptionOptions,
  families: readonly Family[],
  savedOf: (family: Family) => string,
): readonly AppliedRules[] {
  return families.map((family) => ({
    family,
    script: restoreScript(interceptionRules(options, family), savedOf(family)),
  }));
}

/** Intercepts; a second time changes nothing. Throws InterceptionError, and has then changed nothing of that family. */
export function applyRules(backend: Backend, options: InterceptionOptions, families: readonly Family[]): void {
  for (const family of families) {
    // What an earlier run with other options has left does not mix with this one.
    restore(backend, family, removalScript(savedOrThrow(backend, family)));
    const [planned] = plannedRules(options, [family], () => savedOrThrow(backend, family));
    if (planned !== undefined) restore(backend, family, planned.script);
    if (options.mode === 'TPROXY') routeMarked(family);
    if (family === 6) addPassOn();
  }
}

/** Takes all rules away that any run has made. Throws InterceptionError. */
export function removeRules(backend: Backend, families: readonly Family[]): void {
  for (const family of families) {
    restore(backend, family, removalScript(savedOrThrow(backend, family)));
    unrouteMarked(family);
    if (family === 6) spawnSync('ip', ['-6', 'address', 'del', passOn[6], 'dev', 'lo']);
  }
}

/** What is in force; undefined where the kernel has no tables of the family. */
export function saved({ programs }: Backend, family: Family): string | undefined {
  const { status, stdout } = spawnSync(`${programs[family]}-save`, [], { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

function savedOrThrow(backend: Backend, family: Family): string {
  const text = saved(backend, family);
  if (text === undefined)
    throw new InterceptionError(`${backend.programs[family]}-save does not run here: ${permission}`);
  return text;
}

const permission = 'is there CAP_NET_ADMIN (securityContext.capabilities.add: [NET_ADMIN, NET_RAW])?';

function restore({ programs }: Backend, family: Family, script: string): void {
  if (script === '') return;
  const program = `${programs[family]}-restore`;
  const { status, stderr, error } = spawnSync(program, ['--noflush', '--wait=30'], { input: script, encoding: 'utf8' });
  if (status === 0) return;
  const text = error?.message ?? stderr.trim();
  const hint = /permission denied|not permitted/i.test(text) ? `; ${permission}` : '';
  throw new InterceptionError(`${program}: ${text.split('\n', 1)[0]}${hint}`);
}

/** The table of routes by which packets with the mark are taken for packets to this machine. Istio's number. */
const routeTable = '133';

function routeMarked(family: Family): void {
  unrouteMarked(family);
  ip(family, ['rule', 'add', 'fwmark', String(tproxyMark), 'lookup', routeTable]);
  const all = family === 4 ? '0.0.0.0/0' : '::/0';
  ip(family, ['route', 'replace', 'local', all, 'dev', 'lo', 'table', routeTable]);
}

function unrouteMarked(family: Family): void {
  const rule = ['rule', 'del', 'fwmark', String(tproxyMark), 'lookup', routeTable];
  while (spawnSync('ip', [`-${family}`, ...rule]).status === 0);
  spawnSync('ip', [`-${family}`, 'route', 'flush', 'table', routeTable]);
}

/** All of 127.0.0.0/8 is the loopback interface's; of IPv6 it has only what it is given. */
function addPassOn(): void {
  ip(6, ['address', 'replace', passOn[6], 'dev', 'lo', 'nodad']);
}

function ip(family: Family, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('ip', [`-${family}`, ...args], { encoding: 'utf8' });
  if (status === 0) return;
  throw new InterceptionError(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}; ${permission}`);
}
