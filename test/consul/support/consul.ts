/**
 * A real Consul agent as a child process: a dev agent, which keeps everything in memory, or a server or a client agent with
 * a folder for its state. Each lives at a loopback address of its own, at Consul's usual ports.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { type Server, startServer } from '../../support/server.ts';
import { type ConsulApi, consulApi } from './api.ts';

export interface ConsulOptions {
  readonly program: string;
  /** Agents of one test process differ in their number, 1 to 50. */
  readonly block: AddressBlock;
  readonly number?: number;
  /** `dev` when absent. */
  readonly mode?: 'dev' | 'server' | 'client';
  /** `dc1` when absent. */
  readonly datacenter?: string;
  /** The address of an agent of the same datacenter that it joins. */
  readonly joins?: string;
  /** The address of a server of another datacenter that it joins. */
  readonly joinsFar?: string;
  /** More configuration, in HCL. */
  readonly settings?: string;
  /** As which requests of the test come. */
  readonly token?: string;
  /** What `start` waits for: leadership and the agent's own registration, or (where there can be none) HTTP alone. */
  readonly isUpWith?: 'leader' | 'http';
}

export interface Consul extends ConsulApi {
  readonly node: string;
  readonly ip: string;
  /** Where its HTTP API is. */
  readonly url: URL;
  /** The process that runs, 0 when none does. */
  readonly pid: number;
  /** Starts it anew, at the same place; resolves when it is up. A dev agent has lost everything, a server nothing. */
  start(): Promise<void>;
  /** In order, or as in a crash. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends it, and removes its files. */
  close(): Promise<void>;
}

/** How long an agent may take to be up on a machine that does much else, in milliseconds. */
const startMs = 40_000;

/** As eager as a dev agent, so that tests see a loss within seconds; Consul's defaults are for networks. */
const eager = `
  performance { raft_multiplier = 1 }
  gossip_lan { probe_interval = "100ms" probe_timeout = "100ms" gossip_interval = "50ms" suspicion_mult = 3 }
`;

/** Starts an agent and resolves when it is up. Rejects with the end of its log when it does not come up. */
export async function startConsul(options: ConsulOptions): Promise<Consul> {
  const { program, block, number = 1, mode = 'dev', token, isUpWith = 'leader' } = options;
  const ip = block.at(210, number);
  const node = `node-${number}`;
  const url = new URL(`http://${ip}:8500`);
  const api = consulApi(url, token);
  const folder = mkdtempSync(join(tmpdir(), 'fairway-consul-'));
  const args = argumentsOf(options, { ip, node, folder });
  let server: Server | undefined;
  const isUp = async () =>
    isUpWith === 'http' || mode === 'client'
      ? (await api.get('/v1/agent/services')).status > 0
      : (await api.instances('consul')).some((one) => one.Node.Node === node);
  const start = async () => {
    server = startServer({ name: `consul ${node}`, program, args, logFile: join(folder, 'log') });
    await server.untilUp(isUp, startMs);
  };
  const close = async () => {
    await server?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...api,
    node,
    ip,
    url,
    get pid() {
      return server?.pid ?? 0;
    },
    start,
    async stop(signal) {
      await server?.stop(signal);
      server = undefined;
    },
    close,
  };
}

interface Place {
  readonly ip: string;
  readonly node: string;
  readonly folder: string;
}

function argumentsOf(options: ConsulOptions, { ip, node, folder }: Place): readonly string[] {
  const { mode = 'dev', datacenter = 'dc1', joins, joinsFar, settings = '' } = options;
  const state = ['-data-dir', join(folder, 'state')];
  return [
    'agent',
    ...{ dev: ['-dev'], server: ['-server', ...state], client: state }[mode],
    ...(mode === 'server' && !/bootstrap_expect/.test(settings) ? ['-bootstrap-expect', '1'] : []),
    ...['-node', node, '-datacenter', datacenter, '-bind', ip, '-client', ip],
    ...['-dns-port', '-1', '-grpc-port', '-1'],
    ...(joins === undefined ? [] : ['-retry-join', joins, '-retry-interval', '1s']),
    ...(joinsFar === undefined ? [] : ['-retry-join-wan', joinsFar, '-retry-interval-wan', '1s']),
    ...['-hcl', `disable_update_check = true ${mode === 'dev' ? '' : eager} ${settings}`],
  ];
}
