/** Waits for the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isFirst = true;
    const take = (signal: NodeJS.Signals) => {
      if (!isFirst) process.exit(signal === 'SIGINT' ? 130 : 143);
      isFirst = false;
      resolve(signal);
    };
    process.on('SIGINT', take).on('SIGTERM', take);
  });
}
