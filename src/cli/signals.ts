/** How people and machines end a process. */

/**
 * Signals so soon after the first are the same wish, in milliseconds: `timeout`, terminals and npm each tell the whole group, and
 * npm and `timeout` pass on what they were told besides.
 */
const sameWishMs = 1000;
const exitCodes: { readonly [signal: string]: number } = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Waits for the first of some signals. A second one later ends the process at once, with the exit code of shells, and all
 * children with it.
 */
export function untilSignal(signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const take = (signal: NodeJS.Signals) => {
      firstMs ??= performance.now();
      if (performance.now() - firstMs > sameWishMs) process.exit(exitCodes[signal]);
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, take);
  });
}
