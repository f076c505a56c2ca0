/** The thread in which `JudgeThread` has reviews judged: one at a time, as they come. */
import { parentPort, workerData } from 'node:worker_threads';
import { envoyRegistry } from '../descriptors/registry.ts';
import type { Said } from '../lib/bounded-thread.ts';
import { type Answer, type Identified, judge } from './judge.ts';
import type { MeshConfigPlace } from './verdict.ts';

function say(said: Said<Identified, Answer>): void {
  parentPort?.postMessage(said);
}

// Loaded now, so that no EnvoyFilter waits for it.
envoyRegistry();

parentPort?.on('message', (body: Uint8Array) => {
  try {
    say({ answer: judge(body, workerData as MeshConfigPlace, (note) => say({ note })) });
  } catch (error) {
    say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});

say({ ready: true });
