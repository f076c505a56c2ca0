/** The probe of a WorkloadGroup, as the agent of a workload runs it where no kubelet does. */
import { execFile } from 'node:child_process';
import { type Infer, integer, list, object, string } from '../lib/schema.ts';
import type { ApplicationPlace } from './application-place.ts';
import { probeFields, runProbe } from './probes.ts';

const open = { isOpen: true } as const;
const count = integer(0, 86_400);

/** Istio's `readinessProbe` of a ProxyConfig, which is a WorkloadGroup's `probe`. */
export const readinessProbe = object(
  {
    ...probeFields,
    exec: object({ command: list(string) }, open),
    initialDelaySeconds: count,
    periodSeconds: count,
    successThreshold: count,
    failureThreshold: count,
  },
  { ...open, exclusive: [['httpGet', 'tcpSocket', 'exec', 'grpc']] },
);

export type ReadinessProbe = Infer<typeof readinessProbe>;

/** Kubernetes' own defaults, in seconds and in times. */
const usual = { periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 } as const;

export function periodMs({ periodSeconds = 0 }: ReadinessProbe): number {
  return (periodSeconds || usual.periodSeconds) * 1000;
}

/** What several probes in a row say together. `unknown`: neither threshold has been reached yet. */
export interface Readiness {
  readonly state: 'ready' | 'not ready' | 'unknown';
  /** How often in a row the last outcome has come. */
  readonly streak: number;
  readonly last: 'passed' | 'failed' | 'none';
}

export const notProbed: Readiness = { state: 'unknown', streak: 0, last: 'none' };

export function nextReadiness(
  { state, streak, last }: Readiness,
  outcome: 'passed' | 'failed',
  { successThreshold = 0, failureThreshold = 0 }: ReadinessProbe,
): Readiness {
  const next = outcome === last ? streak + 1 : 1;
  const threshold =
    outcome === 'passed' ? successThreshold || usual.successThreshold : failureThreshold || usual.failureThreshold;
  const reached = outcome === 'passed' ? 'ready' : 'not ready';
  return { state: next >= threshold ? reached : state, streak: next, last: outcome };
}

/** Asks once: what is wrong, or (undefined) that all is well. Never rejected. */
export async function askReadiness(probe: ReadinessProbe, application: ApplicationPlace): Promise<string | undefined> {
  const { exec, timeoutSeconds = 0 } = probe;
  if (exec !== undefined) return run(exec.command ?? [], (timeoutSeconds || usual.timeoutSeconds) * 1000);
  const { status, body } = await runProbe(probe, application, {});
  if (status >= 200 && status < 400) return undefined;
  return `expected the probe to pass, found ${status}${body === '' ? '' : `: ${body.trim()}`}`;
}

/** A command may say so much, in bytes; so much of it is passed on, in characters. */
const mostOutput = 16 * 2 ** 20;
const mostPassedOn = 1024;

function run([program, ...args]: readonly string[], timeoutMs: number): Promise<string | undefined> {
  if (program === undefined) return Promise.resolve('expected a command, found none');
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: mostOutput } as const;
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (error.killed === true) resolve(`expected ${program} to end within ${timeoutMs} ms`);
      else {
        const words = (stderr || stdout).trim().slice(0, mostPassedOn);
        resolve(`expected ${program} to succeed, found ${error.code ?? error.signal}: ${words}`);
      }
    });
  });
}
