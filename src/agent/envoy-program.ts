/** Which Envoy to run. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface EnvoyProgram {
  readonly path: string;
  /** What it says of itself, such as `1.40.0`. */
  readonly version: string;
}

/** Where set-up puts an Envoy of the project's own. */
const own = fileURLToPath(new URL('../../.tools/envoy/envoy', import.meta.url));

/** The Envoy that the variable ENVOY names, the one on PATH, or the one that set-up has fetched; undefined for none. */
export function findEnvoy(env: NodeJS.ProcessEnv = process.env): EnvoyProgram | undefined {
  const named = env.ENVOY;
  for (const path of named === undefined || named === '' ? ['envoy', own] : [named]) {
    const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', env });
    if (status === 0) return { path, version: /\/(\d+\.\d+\.\d+)\//.exec(stdout)?.[1] ?? 'unknown' };
  }
  return undefined;
}
