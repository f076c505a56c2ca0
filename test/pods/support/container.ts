/** One container of a pod, as a process of its own user within the pod's namespaces. */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { projectFile, visible } from './isolation.ts';
import type { ContainerObject, SecurityContext } from './pod-object.ts';
import type { Sandbox } from './sandbox.ts';

export interface ContainerOptions {
  readonly sandbox: Sandbox;
  readonly container: ContainerObject;
  readonly env: Readonly<Record<string, string>>;
  /** Output is added to it. */
  readonly logFile: string;
}

const node = visible(process.execPath);
const quiet = '--disable-warning=ExperimentalWarning';
const fairway = [quiet, projectFile('src/main.ts')];

/** What an image's entry point is; both images are the project itself. */
function entryPoint(image: string): readonly string[] {
  if (image.startsWith('fairway-proxy:')) return fairway;
  if (image === applicationImage) return [quiet, projectFile('test/pods/support/application-program.ts')];
  throw new Error(`expected an image that this node has, found ${image}`);
}

export const applicationImage = 'application';

/** What runs for the command of a hook: an image has its own Node and its own place for Fairway. */
function hookArguments(command: readonly string[]): readonly string[] {
  const [program, file, ...args] = command;
  if (program !== 'node' || file !== '/fairway/dist/main.js')
    throw new Error(`expected a command of Fairway's image, found ${command.join(' ')}`);
  return [...fairway, ...args];
}

/** Starts a container's entry point; applications can be talked to. */
export function startContainer(options: ContainerOptions): ChildProcess {
  const { image, args = [] } = options.container;
  return spawnIn(options, [...entryPoint(image), ...args], image === applicationImage);
}

/** Runs a command within a container; its exit code is not looked at, as kubelets do not. */
export async function runHook(options: ContainerOptions, command: readonly string[]): Promise<void> {
  await ended(spawnIn(options, hookArguments(command), false));
}

/** Resolves with the exit code, or the signal that ended it. */
export function ended(child: ChildProcess): Promise<number | NodeJS.Signals> {
  const { exitCode, signalCode } = child;
  if (exitCode !== null || signalCode !== null) return Promise.resolve((exitCode ?? signalCode) as number);
  return new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve((code ?? signal) as number | NodeJS.Signals)),
  );
}

/** The end of what a container has said. */
export const logTail = (logFile: string): string => readFileSync(logFile, 'utf8').slice(-3000);

function spawnIn(
  { sandbox, container, env, logFile }: ContainerOptions,
  args: readonly string[],
  isTalkedTo: boolean,
): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    return sandbox.spawn('setpriv', [...privileges(container.securityContext), node, ...args], {
      cwd: '/',
      env: { ...inherited(), ...env },
      stdio: isTalkedTo ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** What images have. */
function inherited(): NodeJS.ProcessEnv {
  const { PATH = '', ENVOY } = process.env;
  const iptables = projectFile('.tools/iptables/bin');
  return {
    PATH: `${PATH}:${iptables}`,
    HOME: '/tmp',
    ...(ENVOY === undefined ? {} : { ENVOY: visible(ENVOY) }),
  };
}

/** Who a container runs as when its image and it say nothing. */
const usualUser = 2000;

function privileges(security: SecurityContext = {}): readonly string[] {
  const { runAsUser = usualUser, runAsGroup = usualUser, allowPrivilegeEscalation = true, capabilities } = security;
  const kept = (capabilities?.add ?? []).map((name) => `+${name.toLowerCase()}`);
  return [
    `--reuid=${runAsUser}`,
    `--regid=${runAsGroup}`,
    '--clear-groups',
    `--bounding-set=${['-all', ...kept].join(',')}`,
    '--inh-caps=-all',
    ...(allowPrivilegeEscalation ? [] : ['--no-new-privs']),
  ];
}
