/** The npm scripts: each does the set-up it needs and then its job. */
import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { build } from './setup/build.ts';
import { consulForTests, consulForWorkloads } from './setup/consul.ts';
import { dependencies } from './setup/dependencies.ts';
import { envoy } from './setup/envoy.ts';
import { iptablesForTests } from './setup/iptables.ts';
import { kubernetesServers } from './setup/kubernetes.ts';
import { root } from './setup/paths.ts';
import { generatedTypes } from './setup/proto.ts';

/** Runs a program in the foreground and yields its exit code. Ctrl-C reaches the program by itself; SIGTERM is passed on. */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', cwd: root });
    const ignore = () => {};
    const terminate = () => child.kill('SIGTERM');
    process.on('SIGINT', ignore).on('SIGTERM', terminate);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', terminate);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

const node = (args: readonly string[]) => run(process.execPath, ['--disable-warning=ExperimentalWarning', ...args]);
const tool = (name: string, args: readonly string[]) => run(join(root, 'node_modules', '.bin', name), args);

/** From sources to dist. */
async function compile(): Promise<void> {
  await dependencies();
  await generatedTypes();
  await build();
}

async function setup(): Promise<void> {
  await compile();
  await envoy();
}

/** Folders of tests that need the Kubernetes servers, whose first build takes long. */
const withKubernetes: readonly string[] = ['test/kubernetes', 'test/pods', 'test/registries'];
/** Folders of tests that need a Consul. */
const withConsul: readonly string[] = ['test/consul', 'test/registries', 'test/up'];
/** Folders of tests that need an iptables. */
const withIptables: readonly string[] = ['test/iptables', 'test/pods'];

/** Whether any of the tests that some patterns mean lies in one of these folders. */
function areWithin(folders: readonly string[], patterns: readonly string[]): boolean {
  const files = globSync([...patterns], { cwd: root }).map((file) => resolve(root, file));
  return folders.some((folder) => files.some((file) => file.startsWith(join(root, folder, sep))));
}

/** Whether a command brings up workloads that are to be in a Consul, and names none. */
function asksForConsul([command, ...args]: readonly string[]): boolean {
  if (command !== 'up' || args.some((arg) => /^--consul(=|$)/.test(arg))) return false;
  const paths = args.map((arg) => resolve(root, arg)).filter((path) => existsSync(path));
  const files = paths.flatMap((path) => (statSync(path).isDirectory() ? manifestsIn(path) : [path]));
  return files.some((file) => /up\.fairway\.dev\/registry["']?:\s*["']?consul/.test(readFileSync(file, 'utf8')));
}

function manifestsIn(folder: string): readonly string[] {
  return globSync('**/*.{yaml,yml,json}', { cwd: folder }).map((name) => join(folder, name));
}

const tasks: Record<string, (args: readonly string[]) => Promise<number>> = {
  async setup() {
    await setup();
    return 0;
  },
  async build() {
    await compile();
    return 0;
  },
  async start(args) {
    await setup();
    const command = args.length > 0 ? args : ['up', 'examples/bookshop'];
    if (asksForConsul(command)) await consulForWorkloads();
    return node(['dist/main.js', ...command]);
  },
  async test(args) {
    await setup();
    const files = args.length > 0 ? args : ['src/**/*.test.ts', 'test/**/*.test.ts'];
    if (areWithin(withKubernetes, files)) await kubernetesServers();
    if (areWithin(withConsul, files)) await consulForTests();
    if (areWithin(withIptables, files)) await iptablesForTests();
    return node(['--test', '--test-concurrency=2', ...files]);
  },
  async bench(args) {
    await setup();
    const [first = '', ...rest] = args;
    if (first === 'consul') await consulForTests();
    else await kubernetesServers();
    return ['churn', 'cluster', 'consul'].includes(first)
      ? node([`bench/${first}.ts`, ...rest])
      : node(['bench/main.ts', ...args]);
  },
  async check() {
    await setup();
    const lint = await tool('biome', ['ci', '--error-on-warnings', '.']);
    const types = await tool('tsc', ['-p', 'tsconfig.json']);
    return lint || types;
  },
};

const [name = '', ...args] = process.argv.slice(2);
const task = tasks[name];
if (task === undefined) {
  console.error(`expected one of ${Object.keys(tasks).join(', ')}, found ${JSON.stringify(name)}`);
  process.exit(2);
}
try {
  process.exit(await task(args));
} catch (error) {
  console.error(`${name}: ${(error as Error).message}`);
  process.exit(1);
}
