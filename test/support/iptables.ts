/** The real iptables that tests run, or why there is none. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { describeWith } from './real-part.ts';

export interface Iptables {
  /** A value for PATH on which `iptables`, `iptables-nft`, `iptables-legacy` and their kin are. */
  readonly path: string;
}

const at = (name: string) => fileURLToPath(new URL(`../../.tools/iptables/${name}`, import.meta.url));

/** Programs that the machine has come first; set-up's are there for those that it lacks. Undefined where one is missing. */
export function findIptables(env: NodeJS.ProcessEnv = process.env): Iptables | undefined {
  const path = `${env.PATH ?? ''}:${at('bin')}`;
  const isThere = (program: string) =>
    spawnSync(program, ['--version'], { env: { ...env, PATH: path }, stdio: 'ignore' }).status === 0;
  return ['iptables', 'ip6tables', 'iptables-nft', 'iptables-legacy'].every(isThere) ? { path } : undefined;
}

/** Whether this process may make network namespaces, as `ip netns` does. */
export function canMakeNamespaces(): boolean {
  return spawnSync('unshare', ['--net', '--mount', 'ip', 'link'], { stdio: 'ignore' }).status === 0;
}

/**
 * A suite that sets up real rules in network namespaces of its own. Where there is no iptables, or no right to namespaces, it is
 * skipped with the reason; on CI it fails then, unless set-up has found that the pinned packages are nowhere to be had.
 */
export function describeWithIptables(name: string, body: (iptables: Iptables) => void): void {
  const found = findIptables();
  if (found === undefined && existsSync(at('vanished')))
    describe(name, { skip: `the packages of iptables are gone: ${readFileSync(at('vanished'), 'utf8')}` }, () => {});
  else if (found !== undefined && !canMakeNamespaces())
    describeWith(
      { name: 'rights to network namespaces', found: undefined, remedy: 'run as root, with iproute2 installed' },
      name,
      body,
    );
  else
    describeWith(
      {
        name: 'iptables',
        found,
        remedy: 'install it, or let `npm test -- test/iptables/rules.test.ts` fetch it',
      },
      name,
      body,
    );
}
