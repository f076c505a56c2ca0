/** `fairway serve` outside of pods, as a process that can be ended, killed and stopped from answering. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fairwayProgram } from '../../support/run-fairway.ts';
import { until } from '../../support/until.ts';
import { ended } from './container.ts';

export interface ControlPlaneProcess {
  /** Starts it with the same arguments as ever; resolves when it is ready. */
  start(): Promise<void>;
  /** Ends it in order, or as a crash does. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** It answers nobody, and its connections stay; until it is thawed. */
  freeze(): void;
  thaw(): void;
  /** The JSON, or the text, of one of its pages. */
  page<T>(path: string): Promise<T>;
  /** What it has said. */
  log(): string;
}

const pages = 'http://127.0.0.1:15014';
/** On a machine that does much else. */
const startMs = 60_000;

export function controlPlaneProcess(args: readonly string[], logFile: string): ControlPlaneProcess {
  let child: ChildProcess | undefined;
  let said = '';
  const hear = (chunk: Buffer) => {
    said += chunk;
    appendFileSync(logFile, chunk);
  };
  return {
    async start() {
      const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fairwayProgram, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      started.stdout.on('data', hear);
      started.stderr.on('data', hear);
      child = started;
      const isReady = async () => {
        if (started.exitCode !== null) throw new Error(`expected fairway serve to go on; it said:\n${said}`);
        return fetch(`${pages}/ready`).then(
          ({ status }) => status === 200,
          () => false,
        );
      };
      await until(isReady, { what: 'a control plane that is ready', mostMs: startMs });
    },
    async stop(signal = 'SIGTERM') {
      if (child === undefined) return;
      child.kill(signal);
      child.kill('SIGCONT');
      await ended(child);
      child = undefined;
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async page<T>(path: string): Promise<T> {
      const text = await (await fetch(`${pages}${path}`)).text();
      try {
        return JSON.parse(text) as T;
      } catch {
        return text as T;
      }
    },
    log: () => said,
  };
}
