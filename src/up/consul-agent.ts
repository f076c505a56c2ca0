/** A Consul of the local mesh's own: a dev agent, which keeps everything in memory and forgets it when it ends. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Child } from '../agent/child.ts';
import { HttpClient } from '../lib/http-client.ts';
import type { Log } from '../lib/log.ts';
import { fixedCredentials, type ServerAccess } from '../lib/server-access.ts';
import type { ConsulProgram } from './consul-program.ts';

export interface ConsulAgent {
  readonly version: string;
  readonly access: ServerAccess;
  /** Its process while it runs. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

/** Where Consul's own tools look for it. */
const usualPort = 8500;
/** An agent takes half a second on an idle machine. */
const startMs = 30_000;
const lookMs = 50;
const stopGraceMs = 3000;

/**
 * Starts an agent on the loopback interface, at Consul's usual port where that is free; it is started again, and empty, when it
 * ends. Resolves when it knows itself as its leader. Rejects when it does not come up.
 */
export async function startConsulAgent(
  { path: program, version }: ConsulProgram,
  workFolder: string,
  log: Log,
): Promise<ConsulAgent> {
  const [http, serf, server] = await freePorts();
  const logFile = join(workFolder, 'consul.log');
  const access = accessTo(new URL(`http://127.0.0.1:${http}`));
  let ended: string | undefined;
  const child = new Child({
    program,
    args: agentArguments({ http, serf, server }),
    cwd: workFolder,
    env: process.env,
    logFile,
    onExit: (reason, ms) => {
      ended = reason;
      log.warn(`Consul ended (${reason}), again in ${Math.round(ms)} ms; see ${logFile}`);
    },
  });
  child.start();
  const client = new HttpClient({ access, userAgent: 'fairway', timeoutMs: 2000 });
  try {
    const lastMs = performance.now() + startMs;
    while (!(await isUp(client))) {
      if (ended !== undefined) throw new Error(`${program} ended (${ended}); see ${logFile}`);
      if (performance.now() > lastMs)
        throw new Error(`${program} was not ready within ${startMs / 1000} s; see ${logFile}`);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  } catch (error) {
    await child.stop(stopGraceMs);
    throw error;
  } finally {
    client.close();
  }
  return { version, access, pid: () => child.pid, stop: () => child.stop(stopGraceMs) };
}

interface Ports {
  readonly http: number;
  readonly serf: number;
  readonly server: number;
}

function agentArguments({ http, serf, server }: Ports): readonly string[] {
  const ports = { http, 'serf-lan': serf, server, dns: -1, grpc: -1, 'serf-wan': -1 };
  return [
    'agent',
    '-dev',
    '-datacenter=dc1',
    '-node=local',
    '-bind=127.0.0.1',
    '-client=127.0.0.1',
    ...Object.entries(ports).map(([name, port]) => `-${name}-port=${port}`),
    // It is nobody's business that somebody tries a mesh.
    '-hcl=disable_update_check = true',
  ];
}

/** Consul answers a little before there is a leader, and is listed itself when there is one. */
async function isUp(client: HttpClient): Promise<boolean> {
  try {
    const response = await client.open({ path: '/v1/health/service/consul', query: { passing: '' } });
    return response.statusCode === 200 && (await client.text(response)).trim() !== '[]';
  } catch {
    return false;
  }
}

function accessTo(server: URL): ServerAccess {
  return {
    server,
    trust: { authorities: async () => undefined, isUnverified: false },
    credentials: fixedCredentials({}),
  };
}

/** Three ports of 127.0.0.1 that nobody has: for HTTP the usual one if it can be. */
async function freePorts(): Promise<readonly [number, number, number]> {
  const servers = await Promise.all([listening(usualPort).catch(() => listening(0)), listening(0), listening(0)]);
  const [http, serf, server] = servers.map(portOf);
  await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
  return [http ?? 0, serf ?? 0, server ?? 0];
}

async function listening(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
