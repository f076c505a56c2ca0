/** The thread in which objects are judged before they are kept: one at a time, as they come. */
import { parentPort } from 'node:worker_threads';
import { envoyRegistry } from '../descriptors/registry.ts';
import type { Said } from '../lib/bounded-thread.ts';
import { type Judgement, judge, type Question } from './judge.ts';

function say(said: Said<never, Judgement | string>): void {
  parentPort?.postMessage(said);
}

// Loaded now, so that no EnvoyFilter waits for it.
envoyRegistry();

parentPort?.on('message', (question: Question) => {
  try {
    say({ answer: judge(question) });
  } catch (error) {
    say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});

say({ ready: true });
