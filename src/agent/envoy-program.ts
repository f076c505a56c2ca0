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

/** How long an Envoy may take to say its version, in milliseconds. */
const sayMs = 10_000;

/** The Envoy that the variable ENVOY names, the one on PATH, or the one that set-up has fetched; undefined for none. */
export function findEnvoy(env: NodeJS.ProcessEnv = process.env): EnvoyProgram | undefined {
  for (const path of candidates(env)) {
    const { status, stdout } = versionOf(path, env);
    if (status === 0) return { path, version: /\/(\d+\.\d+\.\d+)\//.exec(stdout)?.[1] ?? 'unknown' };
  }
  return undefined;
}

/** Why `findEnvoy` finds none. */
export function whyNoEnvoy(env: NodeJS.ProcessEnv = process.env): string {
  const isNamed = Boolean(env.ENVOY);
  const found = candidates(env).flatMap((path) => {
    const { status, signal, stderr, error } = versionOf(path, env);
    const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
    if (status === 0 || (code === 'ENOENT' && !isNamed)) return [];
    const reason =
      reasons[code ?? ''] ?? message ?? (stderr.trim().split('\n', 1)[0] || (signal ?? `exit code ${status}`));
    return [`${path}, which does not run here: ${reason}`];
  });
  return `found ${found.join('; ') || 'none'}`;
}

/** As systems say it of what cannot be started. A loader is missing where a program is of another C library. */
const reasons: { readonly [code: string]: string } = {
  ENOENT: 'no such file, or a loader that is missing',
  EACCES: 'no right to execute it',
  ENOEXEC: 'no program for this machine',
  ETIMEDOUT: `no version within ${sayMs / 1000} s`,
};

const candidates = ({ ENVOY: named }: NodeJS.ProcessEnv): readonly string[] => (named ? [named] : ['envoy', own]);

const versionOf = (path: string, env: NodeJS.ProcessEnv) =>
  spawnSync(path, ['--version'], { encoding: 'utf8', env, timeout: sayMs });
