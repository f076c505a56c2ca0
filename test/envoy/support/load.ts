/** Constant load. */
import { Agent } from 'node:http';
import { type Call, call, type Entry, landing } from './call.ts';

export interface Load {
  /** The oldest first; what fails is one too. */
  readonly landings: readonly string[];
  stop(): Promise<void>;
}

/** Calls all the time over four kept connections, until it is stopped. */
export function constantLoad(entry: Entry, what: Call): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const landings: string[] = [];
  let isStopped = false;
  const caller = async () => {
    while (!isStopped)
      landings.push(await call(entry, { ...what, agent }).then(landing, (error: Error) => error.message));
  };
  const callers = Promise.all([caller(), caller(), caller(), caller()]);
  return {
    landings,
    async stop() {
      isStopped = true;
      await callers;
      agent.destroy();
    },
  };
}
