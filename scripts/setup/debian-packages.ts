/** Programs that tests run for real, out of pinned packages of Debian: see docs/adr/0035-real-consul-in-tests.md. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Apt, aptIn, download, mirrorsOfDebian, runProgram, useMirror, Vanished } from './apt.ts';
import { root, tools } from './paths.ts';

/** What is fetched, as a file of JSON beside this one states it. */
interface Pins {
  /** Of Debian, such as `bookworm`. */
  readonly suite: string;
  /** By what Node calls the processor. */
  readonly builds: { readonly [processor: string]: Build };
}

interface Build {
  /** Debian's name of the processor. */
  readonly architecture: string;
  readonly packages: { readonly [name: string]: { readonly version: string; readonly sha256: string } };
}

export interface RealProgram {
  /** Such as `Consul`. */
  readonly name: string;
  /** The folder of .tools that it comes to lie in. */
  readonly folder: string;
  /** What a user may do instead, such as "put a `consul` on PATH". */
  readonly remedy: string;
  /** What people do about packages that are gone, the same. */
  readonly pins: string;
  /** Makes sure that it is there. */
  readonly fetch: () => Promise<void>;
}

/**
 * Makes sure that tests can run a program. Where it cannot be had it says why and goes on. On CI it rejects, unless the
 * mirror no longer has the packages: the file `vanished` in the folder then tells tests to be skipped on CI as well.
 */
export async function programForTests({ name, folder, remedy, pins, fetch }: RealProgram): Promise<void> {
  try {
    await fetch();
  } catch (error) {
    const message = `no ${name}: ${(error as Error).message}`;
    if (error instanceof Vanished) {
      mkdirSync(join(tools, folder), { recursive: true });
      writeFileSync(join(tools, folder, 'vanished'), (error as Error).message);
      const line = '!'.repeat(100);
      console.warn(`${line}\n!! ${message}`);
      console.warn(`!! NOTHING IS TESTED AGAINST A REAL ${name.toUpperCase()}. Do this: ${remedy}, or pin`);
      console.warn(`!! other packages in scripts/setup/${pins}\n${line}`);
      return;
    }
    if (process.env.CI === 'true') throw new Error(message, { cause: error });
    console.warn(`  ${message}`);
    console.warn(`  tests that need it are skipped; ${remedy} to have them; going on without`);
  }
}

/** The path of a file of pins. */
export function pinsFile(name: string): string {
  return join(root, 'scripts', 'setup', name);
}

/**
 * Fetches packages, checks each and unpacks all into one folder, which `use` takes what it needs out of and which is gone
 * afterwards. Rejects with Vanished when no mirror has them any more.
 */
export async function withPackages(file: string, use: (unpacked: string) => Promise<void>): Promise<void> {
  const { suite, builds } = JSON.parse(readFileSync(file, 'utf8')) as Pins;
  const build = builds[process.arch];
  if (build === undefined)
    throw new Error(`expected a processor of ${Object.keys(builds).join(', ')}, found ${process.arch}`);
  const mirrors = await mirrorsOfDebian();
  mkdirSync(tools, { recursive: true });
  const folder = mkdtempSync(join(tools, 'download-'));
  try {
    const apt = await aptIn(folder, build.architecture);
    const unpacked = await firstThatHas(mirrors, (mirror) => unpack(apt, mirror, suite, build));
    await use(unpacked);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function firstThatHas<T>(mirrors: readonly string[], attempt: (mirror: string) => Promise<T>): Promise<T> {
  const failures: Error[] = [];
  for (const mirror of mirrors) {
    try {
      return await attempt(mirror);
    } catch (error) {
      failures.push(error as Error);
    }
  }
  // One mirror that could not be reached may have it still.
  throw failures.find((error) => !(error instanceof Vanished)) ?? failures[0] ?? new Error('no mirror');
}

async function unpack(apt: Apt, mirror: string, suite: string, { packages }: Build): Promise<string> {
  const unpacked = join(apt.folder, 'unpacked');
  rmSync(unpacked, { recursive: true, force: true });
  await useMirror(apt, mirror, suite);
  for (const [name, { version, sha256 }] of Object.entries(packages)) {
    const file = await download(apt, `${name}=${version}`);
    const found = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (found !== sha256) throw new Error(`${name}: expected a package of SHA-256 ${sha256}, found ${found}`);
    await runProgram('dpkg-deb', ['-x', file, unpacked]);
  }
  return unpacked;
}
