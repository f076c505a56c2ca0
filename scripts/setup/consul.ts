/** The real Consul that tests and `fairway up` use, out of Debian's package: see docs/adr/0035-real-consul-in-tests.md. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, tools } from './paths.ts';
import { fingerprint, step } from './step.ts';

/** What is fetched: scripts/setup/consul-package.json. */
interface Package {
  readonly suite: string;
  readonly version: string;
  /** By what Node calls the processor, Debian's name for it and the SHA-256 of the package. */
  readonly builds: { readonly [processor: string]: { readonly architecture: string; readonly sha256: string } };
}

const home = join(tools, 'consul');
/** Where the program comes to lie. */
const program = join(home, 'consul');
/** Holds the reason why there is no program and never will be. Tests that need one are skipped then, on CI as well. */
const vanishedFile = join(home, 'vanished');
const packageFile = join(root, 'scripts', 'setup', 'consul-package.json');
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** For each program that is run, in milliseconds: a mirror that does not answer must not hold up everything. */
const mostMs = 180_000;

class Vanished extends Error {}

/**
 * Makes sure that tests can run a Consul: the one that CONSUL names, the one on PATH, or the one of Debian's package in the project's
 * own folder. Where it cannot be had it says why and goes on. On CI it rejects, unless the mirror no longer has the package.
 */
export async function consulForTests(): Promise<void> {
  try {
    await fetched();
  } catch (error) {
    const message = `no Consul: ${(error as Error).message}`;
    if (error instanceof Vanished) {
      mkdirSync(home, { recursive: true });
      writeFileSync(vanishedFile, (error as Error).message);
      const line = '!'.repeat(100);
      console.warn(
        `${line}\n!! ${message}\n!! NOTHING IS TESTED AGAINST A REAL CONSUL. Put a \`consul\` on PATH, or pin`,
      );
      console.warn(`!! another package in scripts/setup/consul-package.json\n${line}`);
      return;
    }
    if (process.env.CI === 'true') throw new Error(message, { cause: error });
    console.warn(`  ${message}`);
    console.warn('  tests that need it are skipped; put a `consul` on PATH to have them; going on without');
  }
}

/** The same for workloads of a local mesh that are to be in a Consul: `fairway up` says what becomes of them without. */
export async function consulForWorkloads(): Promise<void> {
  await fetched().catch((error: Error) => console.warn(`  no Consul: ${error.message}`));
}

async function fetched(): Promise<void> {
  const named = process.env.CONSUL;
  if (named !== undefined && named !== '') {
    if (!runs(named)) throw new Error(`CONSUL: expected a program that answers \`version\`, found ${named}`);
    return;
  }
  if (runs('consul')) return;
  await step('consul', {
    title: 'fetching Consul 1.8 (15 MB) from the mirror that apt uses',
    inputs: fingerprint([packageFile]),
    output: program,
    work: fetchPackage,
  });
}

function runs(path: string): boolean {
  return spawnSync(path, ['version'], { stdio: 'ignore' }).status === 0;
}

async function fetchPackage(): Promise<void> {
  const { suite, version, builds } = JSON.parse(readFileSync(packageFile, 'utf8')) as Package;
  const build = builds[process.arch];
  if (build === undefined)
    throw new Error(`expected a processor of ${Object.keys(builds).join(', ')}, found ${process.arch}`);
  rmSync(home, { recursive: true, force: true });
  const mirrors = await mirrorsOfDebian();
  const folder = join(tools, 'download-consul');
  rmSync(folder, { recursive: true, force: true });
  const apt = await aptIn(folder, build.architecture);
  const failures: Error[] = [];
  for (const mirror of mirrors) {
    const signed = existsSync(keyring) ? ` signed-by=${keyring}` : '';
    writeFileSync(join(folder, 'sources.list'), `deb [arch=${build.architecture}${signed}] ${mirror} ${suite} main\n`);
    try {
      const file = await download(apt, `consul=${version}`);
      const found = createHash('sha256').update(readFileSync(file)).digest('hex');
      if (found !== build.sha256) throw new Error(`expected a package of SHA-256 ${build.sha256}, found ${found}`);
      await unpack(file, folder);
      rmSync(folder, { recursive: true });
      return;
    } catch (error) {
      failures.push(error as Error);
    }
  }
  // One mirror that could not be reached may have it still.
  const [first = new Error('no mirror')] = failures.filter((error) => !(error instanceof Vanished));
  throw failures.every((error) => error instanceof Vanished) ? failures[0] : first;
}

/** Where Debian's packages come from, as the machine's own apt is told; those that only may be one are last. */
async function mirrorsOfDebian(): Promise<readonly string[]> {
  const { stdout } = await run('apt-get', ['--print-uris', 'update']);
  const all = [...stdout.matchAll(/^'([^']+\/)dists\/[^'/]+\/InRelease'/gm)].map(([, base = '']) => base);
  const isDebian = (base: string) => /\/debian\/$/.test(base);
  const mirrors = [...new Set(all)].sort((a, b) => Number(isDebian(b)) - Number(isDebian(a)));
  if (mirrors.length === 0) throw new Error("expected Debian's archive among the sources of apt, found none");
  return mirrors.slice(0, 3);
}

/** Runs programs of apt in a folder, with all that they read and write there, so that no root is needed. */
type Apt = (program: string, args: readonly string[]) => Promise<{ readonly stdout: string }>;

async function aptIn(folder: string, architecture: string): Promise<Apt> {
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'parts'])
    mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  // How the machine gets out (proxies, certificates) stays as it is; its hooks and its lists have no part in this.
  const { stdout } = await run('apt-config', ['dump']);
  const network = stdout.split('\n').filter((line) => /^Acquire::(http|https|ftp)(::|\s)/.test(line));
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': join(folder, 'parts'),
    'Dir::Etc::parts': join(folder, 'parts'),
    'Dir::Etc::main': join(folder, 'parts', 'none'),
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  writeFileSync(join(folder, 'apt.conf'), `${[...network, ...lines].join('\n')}\n`);
  const env = { ...process.env, APT_CONFIG: join(folder, 'apt.conf'), LC_ALL: 'C' };
  return (program, args) => run(program, args, { env, cwd: folder });
}

/** Yields the path of the package. */
async function download(apt: Apt, name: string): Promise<string> {
  await apt('apt-get', ['update', '-q', '--error-on=any']).catch((error: Error) => {
    // A suite that a mirror no longer carries, other than a mirror that cannot be reached.
    throw /does not have a Release file|\b404\b/.test(error.message) ? new Vanished(error.message) : error;
  });
  const { stdout } = await apt('apt-get', ['download', '-q', '--print-uris', name]).catch((error: Error) => {
    throw /Unable to locate|Version .* was not found/.test(error.message) ? new Vanished(error.message) : error;
  });
  const [, file] = /^'[^']+' (\S+) /m.exec(stdout) ?? [];
  if (file === undefined) throw new Error(`expected apt-get to name the file of ${name}, found ${stdout.trim()}`);
  await apt('apt-get', ['download', '-q', name]).catch((error: Error) => {
    throw /\b404\b/.test(error.message) ? new Vanished(error.message) : error;
  });
  return join(tools, 'download-consul', file);
}

async function unpack(file: string, folder: string): Promise<void> {
  const unpacked = join(folder, 'unpacked');
  await run('dpkg-deb', ['-x', file, unpacked]);
  const found = join(unpacked, 'usr', 'bin', 'consul');
  await run(found, ['version']);
  mkdirSync(home, { recursive: true });
  renameSync(found, program);
}

/** Runs a program to its end; rejects with what it says of what is wrong. */
async function run(
  name: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<{ readonly stdout: string }> {
  try {
    return await promisify(execFile)(name, [...args], { ...options, timeout: mostMs, maxBuffer: 1 << 26 });
  } catch (cause) {
    const { code, killed, stderr = '' } = cause as { code?: unknown; killed?: boolean; stderr?: string };
    const said = stderr.split('\n').filter((line) => /^(E|W): /.test(line));
    const what =
      code === 'ENOENT'
        ? 'expected it on PATH, found none (Consul is taken from a package of Debian)'
        : killed === true
          ? `no end within ${mostMs / 1000} s`
          : said.join(' ') || `ended with ${code}: ${stderr.trim().slice(-500)}`;
    throw new Error(`${name}: ${what}`, { cause });
  }
}
