/** The thread in which `JudgeThread` has reviews judged: one at a time, as they come. */
import { parentPort, workerData } from 'node:worker_threads';
import { envoyRegistry } from '../descriptors/registry.ts';
import { type Answer, type Identified, judge } from './judge.ts';
import type { MeshConfigPlace } from './verdict.ts';

/** What the thread says. */
export type Said =
  /** The next review may come. */
  | { readonly ready: true }
  | { readonly identified: Identified }
  | { readonly answer: Answer }
  /** A bug of ours. */
  | { readonly error: string };

function say(said: Said): void {
  parentPort?.postMessage(said);
}

// Loaded now, so that no EnvoyFilter waits for it.
envoyRegistry();

parentPort?.on('message', (body: Uint8Array) => {
  try {
    say({ answer: judge(body, workerData as MeshConfigPlace, (identified) => say({ identified })) });
  } catch (error) {
    say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});

say({ ready: true });
