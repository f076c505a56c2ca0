/** The real Consul that tests and `fairway up` use, out of Debian's package: see docs/adr/0035-real-consul-in-tests.md. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './apt.ts';
import { pinsFile, programForTests, withPackages } from './debian-packages.ts';
import { tools } from './paths.ts';
import { fingerprint, step } from './step.ts';

const home = join(tools, 'consul');
/** Where the program comes to lie. */
const program = join(home, 'consul');
const pins = 'consul-package.json';

/**
 * Makes sure that tests can run a Consul: the one that CONSUL names, the one on PATH, or the one of Debian's package in the project's
 * own folder. Where it cannot be had it says why and goes on. On CI it rejects, unless the mirror no longer has the package.
 */
export async function consulForTests(): Promise<void> {
  await programForTests({ name: 'Consul', folder: 'consul', remedy: 'put a `consul` on PATH', pins, fetch: fetched });
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
    inputs: fingerprint([pinsFile(pins)]),
    output: program,
    work: fetchPackage,
  });
}

function runs(path: string): boolean {
  return spawnSync(path, ['version'], { stdio: 'ignore' }).status === 0;
}

async function fetchPackage(): Promise<void> {
  rmSync(home, { recursive: true, force: true });
  await withPackages(pinsFile(pins), async (unpacked) => {
    const found = join(unpacked, 'usr', 'bin', 'consul');
    await runProgram(found, ['version']);
    mkdirSync(home, { recursive: true });
    renameSync(found, program);
  });
}
