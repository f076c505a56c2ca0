/**
 * `npm run bench -- consul`: what a large Consul costs, at rest and while its instances change, and how soon the last of some sidecars knows
 * that an instance is gone. Consul, which is a single server with everything in memory, and the sidecars share the machine.
 *
 *      bench ─► Consul ◄─ proxy that counts ◄─ fairway serve ─► sidecars, in a process of their own
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findConsul } from '../src/up/consul-program.ts';
import { startConsul } from '../test/consul/support/consul.ts';
import { takeTestBlock } from '../test/envoy/support/test-blocks.ts';
import { percentile } from '../test/kubernetes/support/churn.ts';
import { type HttpFaultProxy, startHttpFaultProxy } from '../test/support/http-fault-proxy.ts';
import { ConsulWorld } from './consul-world.ts';
import type { Order, Report } from './crowd.ts';
import { numbersOf } from './options.ts';
import { type Usage, usageOf } from './process-usage.ts';
import { type Server, startServer } from './server.ts';

/** So many connections may one client have for a start: the budget of `fairway serve` is below. */
const settings = 'limits { http_max_conns_per_client = 4000 }';

/** The next report of a kind; fails when the crowd does. */
async function reported<K extends Report['kind']>(crowd: ChildProcess, kind: K): Promise<Extract<Report, { kind: K }>> {
  for (;;) {
    const [report] = (await once(crowd, 'message')) as [Report];
    if (report.kind === 'failed') throw new Error(`a sidecar failed: ${report.message}`);
    if (report.kind === kind) return report as Extract<Report, { kind: K }>;
  }
}

const now = () => performance.timeOrigin + performance.now();
const order = (crowd: ChildProcess, message: Order) => crowd.send(message);

/** Milliseconds from the request that deregisters an instance until the last sidecar has been told, and has acknowledged. */
async function timeOfRemoval(crowd: ChildProcess, world: ConsulWorld, service: number): Promise<number> {
  order(crowd, { kind: 'watch', marker: `||${world.nameOf(service)}.service.consul` });
  await reported(crowd, 'armed');
  const seen = reported(crowd, 'seen');
  const start = now();
  await world.deregister(service, 0);
  const { lastMs } = await seen;
  return lastMs - start;
}

/** What a time costs: CPU, and what is asked of Consul. */
async function measured(
  what: string,
  { server, proxy, seconds }: { server: Server; proxy: HttpFaultProxy; seconds: number },
  meanwhile: () => Promise<void>,
): Promise<void> {
  const [before, asked] = [usageOf(server.pid), proxy.asked.length];
  let connections = 0;
  const look = setInterval(() => {
    connections = Math.max(connections, proxy.connections);
  }, 100);
  const start = performance.now();
  await Promise.all([sleep(seconds * 1000), meanwhile()]);
  clearInterval(look);
  const took = (performance.now() - start) / 1000;
  const after = usageOf(server.pid);
  const rate = (proxy.asked.length - asked) / took;
  console.log(
    `${what}: ${share(before, after, took)} % of a core, ${rate.toFixed(1)} requests/s, at most ${connections} connections, ` +
      `${after.residentMb.toFixed(0)} MB, over ${took.toFixed(0)} s`,
  );
}

function share(before: Usage, after: Usage, seconds: number): string {
  return ((after.cpuMs - before.cpuMs) / seconds / 10).toFixed(1);
}

function tellTimes(what: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const [half, most, max] = [0.5, 0.99, 1].map((part) => Math.round(percentile(sorted, part)));
  console.log(`${what} (${sorted.length} times): median ${half} ms, p99 ${most} ms, longest ${max} ms`);
}

async function main(): Promise<void> {
  const defaults = {
    services: 1000,
    instances: 20,
    sidecars: 20,
    rest: 60,
    churn: 60,
    rate: 50,
    removals: 100,
    connections: 96,
  };
  const options = numbersOf('consul', defaults);
  const { services, instances, sidecars, rest, churn, rate, removals, connections } = options;
  const program = findConsul()?.path;
  if (program === undefined) throw new Error('expected a Consul, found none: set CONSUL, or put a `consul` on PATH');
  console.log(
    `${services} services x ${instances} instances, each with a check; ${connections} connections; ${sidecars} sidecars on delta ADS`,
  );
  console.log(`Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})\n`);
  const block = await takeTestBlock();
  const consul = await startConsul({ program, block, settings });
  const proxy = await startHttpFaultProxy(consul.url);
  let server: Server | undefined;
  let crowd: ChildProcess | undefined;
  try {
    const world = new ConsulWorld(consul, { services, instances });
    await world.fill();
    const began = performance.now();
    server = await startServer(['--consul', `${proxy.url}?dc=dc1&connections=${connections}`]);
    const ready = usageOf(server.pid);
    console.log(
      `start: ready after ${Math.round(performance.now() - began)} ms, CPU ${ready.cpuMs} ms, ` +
        `${ready.residentMb.toFixed(0)} MB, ${proxy.asked.length} requests`,
    );
    crowd = fork(join(import.meta.dirname, 'crowd.ts'), { execArgv: process.execArgv });
    const settled = reported(crowd, 'settled');
    order(crowd, { kind: 'connect', address: server.address, sidecars, namespaces: 1 });
    await settled;
    await sleep(5000);
    const parts = { server, proxy };
    await measured('at rest', { ...parts, seconds: rest }, async () => {});
    const sidecarsOf = crowd;
    const times: number[] = [];
    const removeOne = async (pauseMs: number) => {
      // Services of even numbers: churn has the others.
      const service = world.anyService(0);
      times.push(await timeOfRemoval(sidecarsOf, world, service));
      await world.register(service, 0, 'passing');
      await sleep(pauseMs);
    };
    while (times.length < removals) await removeOne(300);
    tellTimes('at rest: deregistered until the last sidecar knows', times.splice(0));
    await measured(`${rate} changes/s`, { ...parts, seconds: churn }, async () => {
      let isOver = false;
      const changes = world.churn(rate, churn).finally(() => {
        isOver = true;
      });
      while (!isOver) await removeOne(500);
      console.log(`${await changes} changes made`);
    });
    tellTimes(`${rate} changes/s: deregistered until the last sidecar knows`, times);
    await sleep(20_000);
    console.log(`end: ${usageOf(server.pid).residentMb.toFixed(0)} MB`);
    const gone = once(server.process, 'exit');
    server.process.kill('SIGTERM');
    await gone;
  } finally {
    crowd?.kill();
    server?.process.kill('SIGTERM');
    await proxy.close();
    await consul.close();
    block.release();
  }
}

await main();
