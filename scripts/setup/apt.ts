/** Packages of Debian, downloaded by the machine's own apt with a configuration of their own: no root, nothing installed. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a mirror no longer has, other than a mirror that cannot be reached. */
export class Vanished extends Error {}

/** Runs programs of apt in a folder, with all that they read and write there. */
export interface Apt {
  readonly folder: string;
  readonly architecture: string;
  run(program: string, args: readonly string[]): Promise<{ readonly stdout: string }>;
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** For each program that is run, in milliseconds: a mirror that does not answer must not hold up everything. */
const mostMs = 180_000;

/** Where Debian's packages come from, as the machine's own apt is told; those that only may be one are last. */
export async function mirrorsOfDebian(): Promise<readonly string[]> {
  const { stdout } = await runProgram('apt-get', ['--print-uris', 'update']);
  const all = [...stdout.matchAll(/^'([^']+\/)dists\/[^'/]+\/InRelease'/gm)].map(([, base = '']) => base);
  const isDebian = (base: string) => /\/debian\/$/.test(base);
  const mirrors = [...new Set(all)].sort((a, b) => Number(isDebian(b)) - Number(isDebian(a)));
  if (mirrors.length === 0) throw new Error("expected Debian's archive among the sources of apt, found none");
  return mirrors.slice(0, 3);
}

/** `architecture` is Debian's name of it. */
export async function aptIn(folder: string, architecture: string): Promise<Apt> {
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'parts'])
    mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  // How the machine gets out (proxies, certificates) stays as it is; its hooks and its lists have no part in this.
  const { stdout } = await runProgram('apt-config', ['dump']);
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
  return { folder, architecture, run: (program, args) => runProgram(program, args, { env, cwd: folder }) };
}

/** Has apt read what a mirror offers. Rejects with Vanished where it has no such suite. */
export async function useMirror(apt: Apt, mirror: string, suite: string): Promise<void> {
  const signed = existsSync(keyring) ? ` signed-by=${keyring}` : '';
  const line = `deb [arch=${apt.architecture}${signed}] ${mirror} ${suite} main\n`;
  writeFileSync(join(apt.folder, 'sources.list'), line);
  await apt.run('apt-get', ['update', '-q', '--error-on=any']).catch((error: Error) => {
    throw /does not have a Release file|\b404\b/.test(error.message) ? new Vanished(error.message) : error;
  });
}

/** Downloads `name=version` and yields the path of the file. Rejects with Vanished where the mirror has none. */
export async function download(apt: Apt, name: string): Promise<string> {
  const { stdout } = await apt.run('apt-get', ['download', '-q', '--print-uris', name]).catch((error: Error) => {
    throw /Unable to locate|Version .* was not found/.test(error.message) ? new Vanished(error.message) : error;
  });
  const [, file] = /^'[^']+' (\S+) /m.exec(stdout) ?? [];
  if (file === undefined) throw new Error(`expected apt-get to name the file of ${name}, found ${stdout.trim()}`);
  await apt.run('apt-get', ['download', '-q', name]).catch((error: Error) => {
    throw /\b404\b/.test(error.message) ? new Vanished(error.message) : error;
  });
  return join(apt.folder, file);
}

/** Runs a program to its end; rejects with what it says of what is wrong. */
export async function runProgram(
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
        ? 'expected it on PATH, found none (packages of Debian are fetched by it)'
        : killed === true
          ? `no end within ${mostMs / 1000} s`
          : said.join(' ') || `ended with ${code}: ${stderr.trim().slice(-500)}`;
    throw new Error(`${name}: ${what}`, { cause });
  }
}
