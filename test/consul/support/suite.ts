/** Suites that need a real Consul. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { describeWith } from '../../support/real-part.ts';

const at = (name: string) => fileURLToPath(new URL(`../../../.tools/consul/${name}`, import.meta.url));

/** A `consul` that runs: the one on PATH, or the one that set-up fetches. */
export function findConsul(): string | undefined {
  const isOnPath = spawnSync('consul', ['version'], { stdio: 'ignore' }).status === 0;
  return [...(isOnPath ? ['consul'] : []), ...(existsSync(at('consul')) ? [at('consul')] : [])][0];
}

const found = findConsul();
const consul = {
  name: 'a Consul',
  found,
  remedy: 'put a `consul` on PATH, or let `npm test -- test/consul/server.test.ts` fetch one',
};

/**
 * A suite with a Consul; where there is none it is skipped, but on CI it fails unless set-up has found that the pinned
 * package is nowhere to be had.
 */
export function describeWithConsul(name: string, body: (program: string) => void): void {
  if (found === undefined && existsSync(at('vanished')))
    describe(name, { skip: `the package of Consul is gone: ${readFileSync(at('vanished'), 'utf8')}` }, () => {});
  else describeWith(consul, name, body);
}
