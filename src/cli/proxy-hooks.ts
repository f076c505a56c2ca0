/** What hooks of a pod do with its proxy: `fairway proxy --wait` and `--pre-stop`. */
import type { Command } from 'commander';
import { ask } from '../agent/http-get.ts';

const lookMs = 200;
const askMs = 2000;

/** Resolves when the proxy of this pod is ready. Ends the process with one line when it is not in time. */
export async function waitUntilReady(port: number, timeoutMs: number, command: Command): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let found: string;
  do {
    try {
      const { status, body } = await ask({ host, port, path: '/healthz/ready', timeoutMs: askMs });
      if (status === 200) return;
      found = body.trim();
    } catch (error) {
      found = `nobody who answers on port ${port}: ${(error as Error).message}`;
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  } while (performance.now() < deadline);
  command.error(`error: expected the proxy to be ready within ${timeoutMs / 1000} s, found ${found}`);
}

/** Lets the proxy of this pod drain; the hook takes as long, and no longer than the pod may take. */
export async function preStop(port: number, command: Command): Promise<void> {
  try {
    const { status, body } = await ask({ host, port, path: '/drain', method: 'POST' });
    if (status !== 200) command.error(`error: the proxy of this pod does not drain: ${body.trim()}`);
  } catch (error) {
    command.error(
      `error: expected the proxy of this pod to drain, found nobody on port ${port}: ${(error as Error).message}`,
    );
  }
}

const host = '127.0.0.1';
