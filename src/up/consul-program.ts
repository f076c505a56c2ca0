/** Which Consul to run. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ConsulProgram {
  readonly path: string;
  /** What it says of itself, such as `1.8.7`. */
  readonly version: string;
}

/** Where set-up puts a Consul of the project's own. */
const own = fileURLToPath(new URL('../../.tools/consul/consul', import.meta.url));

/** The Consul that the variable CONSUL names, the one on PATH, or the one that set-up has fetched; undefined for none. */
export function findConsul(env: NodeJS.ProcessEnv = process.env): ConsulProgram | undefined {
  const named = env.CONSUL;
  for (const path of named === undefined || named === '' ? ['consul', own] : [named]) {
    const { status, stdout } = spawnSync(path, ['version'], { encoding: 'utf8', env });
    if (status === 0) return { path, version: /^Consul v?(\d+\.\d+\.\d+)/m.exec(stdout)?.[1] ?? 'unknown' };
  }
  return undefined;
}

/** What is to be done about it that there is no Consul. */
export function noConsul(env: NodeJS.ProcessEnv = process.env): string {
  const { CONSUL: named } = env;
  return named === undefined || named === ''
    ? 'none was found; put a `consul` on PATH, set CONSUL to one, or name a server with --consul <url>'
    : `CONSUL names ${named}, which does not run here`;
}
