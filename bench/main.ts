/**
 * `npm run bench`: how much time and memory a control plane takes for a crowd of sidecars. It starts `fairway serve` as users
 * do, on files, and measures the storm (all sidecars connect at once) and changes (a file is replaced, until the last
 * sidecar has it). Figures are of this machine; compare those of one machine and day only.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, Report } from './crowd.ts';
import { numbersOf } from './options.ts';
import { type Usage, usageOf } from './process-usage.ts';
import { type Server, startServer } from './server.ts';
import { type Change, changeEndpoint, changeRoute, type WorldSize, writeWorld } from './world.ts';

interface Options extends WorldSize {
  readonly sidecars: number;
  readonly changes: number;
}

function optionsOf(): Options {
  return numbersOf('', { services: 500, endpoints: 10, namespaces: 10, sidecars: 100, changes: 10 });
}

/** The next report of a kind; fails when the crowd does. */
async function reported<K extends Report['kind']>(crowd: ChildProcess, kind: K): Promise<Extract<Report, { kind: K }>> {
  for (;;) {
    const [report] = (await once(crowd, 'message')) as [Report];
    if (report.kind === 'failed') throw new Error(`a sidecar failed: ${report.message}`);
    if (report.kind === kind) return report as Extract<Report, { kind: K }>;
  }
}

const order = (crowd: ChildProcess, message: Order) => crowd.send(message);
const now = () => performance.timeOrigin + performance.now();
const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
const whole = (n: number) => Math.round(n).toLocaleString('en');

interface ChangeFigures {
  readonly medianMs: number;
  readonly lastMs: number;
  readonly cpuMs: number;
  readonly bytesEach: number;
}

async function measureChange(
  crowd: ChildProcess,
  server: Server,
  { change, folder, options, mark }: { change: Change; folder: string; options: Options; mark: number },
): Promise<ChangeFigures> {
  const { marker, apply } = change(folder, options, mark);
  order(crowd, { kind: 'watch', marker });
  await reported(crowd, 'armed');
  const before = usageOf(server.pid);
  const seen = reported(crowd, 'seen');
  const start = now();
  apply();
  const { medianMs, lastMs, bytes } = await seen;
  // What the control plane does after the last sidecar has it is part of the cost.
  await sleep(400);
  const after = usageOf(server.pid);
  return {
    medianMs: medianMs - start,
    lastMs: lastMs - start,
    cpuMs: after.cpuMs - before.cpuMs,
    bytesEach: bytes / options.sidecars,
  };
}

async function main(): Promise<void> {
  const options = optionsOf();
  const folder = mkdtempSync(join(tmpdir(), 'fairway-bench-'));
  const { services, endpoints, namespaces, sidecars, changes } = options;
  console.log(
    `${services} services x ${endpoints} endpoints in ${namespaces} namespaces, ${services} VirtualServices, ` +
      `${Math.ceil(services / 5)} DestinationRules, ${sidecars} sidecars on delta ADS`,
  );
  console.log(`Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})\n`);
  writeWorld(folder, options);
  let server: Server | undefined;
  let crowd: ChildProcess | undefined;
  try {
    const began = now();
    server = await startServer(['--config', folder]);
    const ready = usageOf(server.pid);
    console.log(
      `start: ready after ${whole(now() - began)} ms, CPU ${whole(ready.cpuMs)} ms, ${whole(ready.residentMb)} MB`,
    );
    crowd = fork(join(import.meta.dirname, 'crowd.ts'), { execArgv: process.execArgv });
    await storm(crowd, server, ready, options);
    for (const [name, change] of [
      ['one endpoint changed', changeEndpoint],
      ['one VirtualService changed', changeRoute],
    ] as const) {
      const figures: ChangeFigures[] = [];
      for (let i = 0; i < changes; i++)
        figures.push(await measureChange(crowd, server, { change, folder, options, mark: 100 + i }));
      const of = (key: keyof ChangeFigures) => median(figures.map((one) => one[key]));
      console.log(
        `${name} (median of ${changes}): middle sidecar ${of('medianMs').toFixed(1)} ms, last ${of('lastMs').toFixed(1)} ms, ` +
          `CPU ${whole(of('cpuMs'))} ms, ${(of('bytesEach') / 1000).toFixed(1)} kB to each`,
      );
    }
    console.log(`end: ${whole(usageOf(server.pid).residentMb)} MB`);
  } finally {
    crowd?.kill();
    server?.process.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function storm(crowd: ChildProcess, server: Server, ready: Usage, options: Options): Promise<void> {
  const start = now();
  const settled = reported(crowd, 'settled');
  order(crowd, {
    kind: 'connect',
    address: server.address,
    sidecars: options.sidecars,
    namespaces: options.namespaces,
  });
  const { bytes, atMs } = await settled;
  await sleep(1000);
  const after = usageOf(server.pid);
  console.log(
    `storm: ${((atMs - start) / 1000).toFixed(2)} s, CPU ${whole(after.cpuMs - ready.cpuMs)} ms, ` +
      `${whole(bytes / 1e6)} MB sent, ${whole(after.residentMb)} MB resident after`,
  );
}

await main();
