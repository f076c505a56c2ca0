/** A pod and the world outside it: two network namespaces with a cable between them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Family } from '../../../src/agent/iptables/rules.ts';
import type { Iptables } from '../../support/iptables.ts';
import { fairwayProgram, type Outcome } from '../../support/run-fairway.ts';

export const variants = ['nft', 'legacy'] as const;
export type Variant = (typeof variants)[number];

/** Addresses by family; `farAway` is outside as well, in another block. */
export const addresses: {
  readonly [family in Family]: Record<'pod' | 'outside' | 'farAway' | 'loopback' | 'passOn', string>;
} = {
  4: { pod: '10.79.0.2', outside: '10.79.0.1', farAway: '10.80.0.1', loopback: '127.0.0.1', passOn: '127.0.0.6' },
  6: { pod: 'fd79::2', outside: 'fd79::1', farAway: 'fd80::1', loopback: '::1', passOn: '::6' },
};

export const users = { proxy: 1337, application: 2000 } as const;
export type User = keyof typeof users;
export type Place = 'pod' | 'outside';

export interface Namespaces {
  /** Runs `fairway iptables` in the pod; `way` is put before it, such as `setpriv` with its arguments. */
  fairway(args: readonly string[], way?: readonly string[]): Promise<Outcome>;
  /** Runs a program of root's to its end and yields what it says; throws when it fails. */
  run(place: Place, command: readonly string[], input?: string): string;
  /** All rules of all families, without comments and counters. */
  rules(): string;
  /** A server of speak.ts that lasts as long as the namespaces. Resolves when it listens. */
  serve(place: Place, user: User, name: string, ports: readonly string[]): Promise<void>;
  /** Starts a program that lasts as long as the namespaces, as root with these more arguments of setpriv. */
  start(place: Place, command: readonly string[], setpriv?: readonly string[]): ChildProcess;
  /** What speak.ts says. */
  speak(place: Place, user: User, args: readonly (string | number)[]): Promise<string>;
  /** Ends everything in the namespaces, and them. */
  close(): Promise<void>;
}

const speakProgram = fileURLToPath(new URL('speak.ts', import.meta.url));
const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
let made = 0;

/** Whoever makes them closes them, after a failure as well. */
export function makeNamespaces({ path }: Iptables, variant: Variant): Namespaces {
  made += 1;
  const prefix = `fwipt-${process.pid}-${made}`;
  const names: { readonly [place in Place]: string } = { pod: `${prefix}-pod`, outside: `${prefix}-out` };
  const env = { ...process.env, PATH: path, IPTABLES_VARIANT: variant };
  const children: ChildProcess[] = [];
  const within = (place: Place, command: readonly string[]) => ['netns', 'exec', names[place], ...command];
  const as = (user: User) => ['setpriv', '--reuid', `${users[user]}`, '--regid', `${users[user]}`, '--clear-groups'];
  const ip = (...args: readonly string[]) => succeed('ip', args, env);
  const start = (place: Place, command: readonly string[]) => {
    const child = spawn('ip', [...within(place, command)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    return child;
  };
  const run = (place: Place, command: readonly string[], input = '') =>
    succeed('ip', within(place, command), env, input);
  const namespaces: Namespaces = {
    fairway: (args, way = []) =>
      outcomeOf(spawn('ip', within('pod', [...way, ...node, fairwayProgram, 'iptables', ...args]), { env })),
    run,
    rules: () =>
      ['iptables', 'ip6tables']
        .map((program) => run('pod', [`${program}-${variant}-save`]))
        .join('')
        .replace(/^#.*\n/gm, '')
        .replace(/ \[\d+:\d+\]$/gm, ''),
    async serve(place, user, name, ports) {
      const child = start(place, [...as(user), ...node, speakProgram, 'serve', name, ...ports]);
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`expected ${name} to serve ${ports.join(', ')}, but it ended with ${code}`);
      });
      ended.catch(() => {});
      if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), ended]);
    },
    start: (place, command, setpriv = []) =>
      start(place, [...(setpriv.length > 0 ? ['setpriv', ...setpriv] : []), ...command]),
    async speak(place, user, args) {
      const command = [...as(user), ...node, speakProgram, ...args.map(String)];
      return (await outcomeOf(spawn('ip', within(place, command), { env }))).stdout;
    },
    async close() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          child.kill('SIGKILL');
          await once(child, 'exit');
        }),
      );
      for (const name of Object.values(names)) spawnSync('ip', ['netns', 'delete', name]);
    },
  };
  try {
    cable(names, ip);
  } catch (error) {
    void namespaces.close();
    throw error;
  }
  return namespaces;
}

function cable(
  { pod, outside }: { readonly [place in Place]: string },
  ip: (...args: readonly string[]) => unknown,
): void {
  ip('netns', 'add', pod);
  ip('netns', 'add', outside);
  ip('-n', outside, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod);
  for (const [name, place] of [
    [pod, 'pod'],
    [outside, 'outside'],
  ] as const) {
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('-n', name, 'address', 'add', `${addresses[4][place]}/24`, 'dev', 'eth0');
    ip('-n', name, 'address', 'add', `${addresses[6][place]}/64`, 'dev', 'eth0', 'nodad');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    // Any user may serve the ports of HTTP and DNS there.
    ip('netns', 'exec', name, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start');
  }
  ip('-n', outside, 'address', 'add', `${addresses[4].farAway}/32`, 'dev', 'lo');
  ip('-n', outside, 'address', 'add', `${addresses[6].farAway}/128`, 'dev', 'lo');
  ip('-n', pod, 'route', 'add', 'default', 'via', addresses[4].outside);
  ip('-n', pod, '-6', 'route', 'add', 'default', 'via', addresses[6].outside);
}

function succeed(program: string, args: readonly string[], env: NodeJS.ProcessEnv, input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, [...args], { env, input, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('expected pipes, found none');
  const [said, complained, [exitCode]] = await Promise.all([
    text(stdout),
    text(stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stdout: said, stderr: complained };
}
