/** The real Kubernetes servers that tests run against, built from Go modules: see docs/adr/0031-real-kubernetes-in-tests.md. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root, tools } from './paths.ts';
import { fingerprint, step } from './step.ts';

interface Program {
  readonly name: string;
  readonly package: string;
  /** The folder under test/kubernetes/ whose go.mod and go.sum pin it. */
  readonly module: 'servers' | 'helm';
  /** Variables that its makers set to its version when they link. */
  readonly says?: (version: string) => Readonly<Record<string, string>>;
}

const kubernetes = (name: string): Program => ({
  name,
  package: `k8s.io/kubernetes/cmd/${name}`,
  module: 'servers',
  says(version) {
    const [major = '', minor = ''] = version.slice(1).split('.');
    const variable = 'k8s.io/component-base/version';
    return { [`${variable}.gitVersion`]: version, [`${variable}.gitMajor`]: major, [`${variable}.gitMinor`]: minor };
  },
});

const programs: readonly Program[] = [
  { name: 'etcd', package: 'go.etcd.io/etcd/server/v3', module: 'servers' },
  kubernetes('kube-apiserver'),
  kubernetes('kube-controller-manager'),
  kubernetes('kubectl'),
  {
    name: 'helm',
    package: 'helm.sh/helm/v3/cmd/helm',
    module: 'helm',
    says: (version) => ({ 'helm.sh/helm/v3/internal/version.version': version }),
  },
];

const oldestGo = 24;
const home = join(tools, 'kubernetes');
const folderOf = (module: Program['module']) => join(root, 'test', 'kubernetes', module);

/**
 * Makes sure that the servers are there. Where they cannot be built it says why and goes on, since only their tests need
 * them; on CI it rejects.
 */
export async function kubernetesServers(): Promise<void> {
  const pinned = ['go.mod', 'go.sum'].flatMap((file) => [
    join(folderOf('servers'), file),
    join(folderOf('helm'), file),
  ]);
  try {
    await step('kubernetes', {
      title: `building ${programs.map(({ name }) => name).join(', ')} from Go modules; about ten minutes, once`,
      inputs: fingerprint(pinned),
      output: join(home, 'helm'),
      work: buildAll,
    });
  } catch (error) {
    const message = `no Kubernetes servers: ${(error as Error).message}`;
    if (process.env.CI === 'true') throw new Error(message, { cause: error });
    console.warn(`  ${message}`);
    console.warn('  tests that need them are skipped; going on without');
  }
}

async function buildAll(): Promise<void> {
  const missing = whyNoGo();
  if (missing !== undefined) throw new Error(missing);
  mkdirSync(home, { recursive: true });
  for (const [i, program] of programs.entries()) {
    const start = performance.now();
    const where = `${i + 1} of ${programs.length}: ${program.name}`;
    console.log(`  ${where} …`);
    const sign = setInterval(() => console.log(`  ${where}, for ${elapsed(start)} …`), 60_000);
    try {
      await build(program);
    } finally {
      clearInterval(sign);
    }
    console.log(`  ${where}, built in ${elapsed(start)}`);
  }
}

/** What keeps Go from being used; undefined when nothing does. */
function whyNoGo(): string | undefined {
  const wanted = `expected Go 1.${oldestGo} or later on PATH`;
  const { status, stdout, stderr, error } = spawnSync('go', ['version'], {
    cwd: folderOf('servers'),
    encoding: 'utf8',
  });
  if (error !== undefined) return `${wanted}, found none`;
  if (status !== 0) return `${wanted}, but \`go version\` says: ${lastLines(stderr, 1)}`;
  const [, minor] = /\bgo1\.(\d+)/.exec(stdout) ?? [];
  return minor !== undefined && Number(minor) < oldestGo ? `${wanted}, found ${stdout.trim()}` : undefined;
}

/** Builds beside the place and renames, so that what stands there is always whole. */
async function build(program: Program): Promise<void> {
  const { name, module, package: path, says } = program;
  const unfinished = join(home, `.${name}-${process.pid}`);
  const set = Object.entries(says?.(pinnedVersion(program)) ?? {}).map(
    ([variable, value]) => `-X ${variable}=${value}`,
  );
  const args = ['build', '-trimpath', '-ldflags', ['-s', '-w', ...set].join(' '), '-o', unfinished, path];
  // Without cgo no C compiler is needed, and the programs need no library of the machine.
  const env = { ...process.env, CGO_ENABLED: '0' };
  try {
    const child = spawn('go', args, { cwd: folderOf(module), env, stdio: ['ignore', 'inherit', 'pipe'] });
    const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve(code ?? signal));
    });
    const [errors, outcome] = await Promise.all([text(child.stderr), ended]);
    if (outcome !== 0) throw new Error(`${name}: \`go build\` ended with ${outcome}: ${lastLines(errors, 5)}`);
    renameSync(unfinished, join(home, name));
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** The version that go.mod states of the module that a program is in. */
function pinnedVersion({ module, package: path }: Program): string {
  const requirements = readFileSync(join(folderOf(module), 'go.mod'), 'utf8').matchAll(
    /^\s*(\S+) (v\S+) \/\/ indirect$/gm,
  );
  for (const [, name = '', version = ''] of requirements) if (path.startsWith(`${name}/`)) return version;
  throw new Error(`expected a module of ${path} in test/kubernetes/${module}/go.mod, found none`);
}

/** The last lines of what Go says, without those that tell what it downloads. */
function lastLines(output: string, count: number): string {
  const lines = output.trim().split('\n');
  return lines
    .filter((line) => !line.startsWith('go: downloading '))
    .slice(-count)
    .join('\n');
}

function elapsed(start: number): string {
  const seconds = Math.round((performance.now() - start) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
