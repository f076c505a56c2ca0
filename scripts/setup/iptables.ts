/** The real iptables that tests run, out of Debian's packages: see docs/adr/0038-real-iptables-in-tests.md. */
import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from './apt.ts';
import { pinsFile, programForTests, withPackages } from './debian-packages.ts';
import { tools } from './paths.ts';
import { fingerprint, step } from './step.ts';

const home = join(tools, 'iptables');
const pins = 'iptables-packages.json';

/** Programs by the one file that they all are. It takes its part from its first argument. */
const programs: { readonly [multi: string]: readonly string[] } = {
  'xtables-nft-multi': ['', '-nft'].flatMap(programsOf),
  'xtables-legacy-multi': programsOf('-legacy'),
};

function programsOf(variant: string): readonly string[] {
  return ['iptables', 'ip6tables'].flatMap((name) =>
    ['', '-save', '-restore'].map((part) => `${name}${variant}${part}`),
  );
}

/**
 * Makes sure that tests can run iptables, nft and legacy: those on PATH, or where one is missing those of Debian's packages, in
 * the folder `bin` of .tools/iptables. Where they cannot be had it says why and goes on. On CI it rejects, unless the mirror no
 * longer has the packages.
 */
export async function iptablesForTests(): Promise<void> {
  await programForTests({
    name: 'iptables',
    folder: 'iptables',
    remedy: "install the system's package `iptables`",
    pins,
    fetch: fetched,
  });
}

async function fetched(): Promise<void> {
  if (process.platform !== 'linux') throw new Error(`expected Linux, found ${process.platform}`);
  if (['iptables', 'ip6tables', 'iptables-nft', 'iptables-legacy'].every(runs)) return;
  await step('iptables', {
    title: 'fetching iptables (560 kB) from the mirror that apt uses',
    inputs: fingerprint([pinsFile(pins), import.meta.filename]),
    output: join(home, 'bin', 'iptables'),
    work: fetchPackages,
  });
}

function runs(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

async function fetchPackages(): Promise<void> {
  rmSync(home, { recursive: true, force: true });
  await withPackages(pinsFile(pins), async (unpacked) => {
    const [plugins] = globSync('usr/lib/*/xtables', { cwd: unpacked });
    if (plugins === undefined) throw new Error('expected usr/lib/*/xtables in the packages, found none');
    mkdirSync(join(unpacked, 'bin'));
    for (const [multi, names] of Object.entries(programs))
      for (const name of names) writeWrapper(join(unpacked, 'bin', name), { multi, name, plugins });
    await runProgram(join(unpacked, 'bin', 'iptables'), ['--version']);
    renameSync(unpacked, home);
  });
}

/** The program finds its libraries beside itself, wherever the folder is, so that nobody has to set anything but PATH. */
function writeWrapper(path: string, { multi, name, plugins }: Record<'multi' | 'name' | 'plugins', string>): void {
  const lines = [
    '#!/bin/sh',
    `here=\${0%/*}/..`,
    `export LD_LIBRARY_PATH="$here/${dirname(plugins)}" XTABLES_LIBDIR="$here/${plugins}"`,
    `exec "$here/usr/sbin/${multi}" ${name} "$@"`,
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
}
