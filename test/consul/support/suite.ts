/** Suites that need a real Consul. */
import { existsSync, readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findConsul } from '../../../src/up/consul-program.ts';
import { describeWith } from '../../support/real-part.ts';

const at = (name: string) => fileURLToPath(new URL(`../../../.tools/consul/${name}`, import.meta.url));

const found = findConsul()?.path;
const consul = {
  name: 'a Consul',
  found,
  remedy: 'set CONSUL, put a `consul` on PATH, or let `npm test -- test/consul/server.test.ts` fetch one',
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
