/**
 * What holds a pod's namespaces while its containers come and go: a network with an address on the node's bridge, and an /etc of
 * its own.
 *
 *      bridge 10.77.0.1 ── veth ── eth0 10.77.0.n (the sandbox)
 */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Where the node itself is: its control plane and its DNS. */
export const nodeAddress = '10.77.0.1';
const nodeAddress6 = 'fd00:77::1';
const bridge = 'pods';

const run = promisify(execFile);

/** Makes the bridge that pods are connected to. */
export async function startPodNetwork(): Promise<void> {
  await shell(
    `ip link add ${bridge} type bridge`,
    `ip address add ${nodeAddress}/16 dev ${bridge}`,
    `ip -6 address add ${nodeAddress6}/64 dev ${bridge} nodad`,
    `ip link set ${bridge} up`,
  );
}

export interface SandboxOptions {
  /** An empty folder for its files. */
  readonly folder: string;
  /** From 2 on: 10.77.0.2, and fd00:77::2 beside it if it is to have one. */
  readonly number: number;
  readonly isDualStack: boolean;
  /** Of the pod's own network, by name. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** What lies in /etc beside what the machine has there, by paths within. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Sandbox {
  /** The main one first. */
  readonly addresses: readonly [string, ...string[]];
  /** Starts a program within, as root. */
  spawn(program: string, args: readonly string[], options: SpawnOptions): ChildProcess;
  /** Cuts it off from the bridge; nobody is told. */
  unplug(): Promise<void>;
  /** Its network ends; what runs within has been ended before. */
  stop(): Promise<void>;
}

export async function startSandbox({ folder, number, isDualStack, sysctls, files }: SandboxOptions): Promise<Sandbox> {
  const etc = join(folder, 'etc');
  cpSync('/etc', etc, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  // What a program of the machine resolves names by would be kept by a link to elsewhere.
  for (const [path, text] of Object.entries(files)) {
    rmSync(join(etc, path), { force: true });
    mkdirSync(dirname(join(etc, path)), { recursive: true });
    writeFileSync(join(etc, path), text);
  }
  // As kubelets make an emptyDir: anybody may write there.
  await shell(`mkdir -p -m 777 '${etc}/istio/proxy'`);
  const pause = spawn(
    'unshare',
    ['--net', '--mount', 'sh', '-c', 'mount --bind "$0" /etc && echo up && exec sleep infinity', etc],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(pause.stdout, 'data');
  const { pid } = pause;
  const address = `10.77.${number >> 8}.${number & 255}`;
  const address6 = `fd00:77::${number.toString(16)}`;
  const within = `nsenter --net=/proc/${pid}/ns/net`;
  await shell(
    `ip link add pod${number} type veth peer name eth0 netns ${pid}`,
    `ip link set pod${number} master ${bridge} up`,
    // The pod's own view, in one go: each program costs a few milliseconds.
    `${within} sh -ec '${[
      'ip link set lo up',
      `ip address add ${address}/16 dev eth0`,
      ...(isDualStack ? [`ip -6 address add ${address6}/64 dev eth0 nodad`] : []),
      'ip link set eth0 up',
      `ip route add default via ${nodeAddress}`,
      ...Object.entries(sysctls).map(([name, value]) => `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}`),
      ...(isDualStack ? [`ip -6 route add default via ${nodeAddress6}`] : []),
    ].join('; ')}'`,
  );
  return {
    addresses: isDualStack ? [address, address6] : [address],
    spawn: (program, args, options) =>
      spawn('nsenter', [`--target=${pid}`, '--net', '--mount', '--', program, ...args], options),
    unplug: () => shell(`ip link set pod${number} down`),
    async stop() {
      const gone = once(pause, 'exit');
      pause.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function shell(...commands: readonly string[]): Promise<void> {
  await run('sh', ['-ec', commands.join('\n')]);
}
