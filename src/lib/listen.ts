import type { AddressInfo, Server } from 'node:net';
import type { Address } from './address.ts';
import type { Log } from './log.ts';

/** Yields where it listens, which is for port 0 one that was free. Rejected with the system's error when it cannot. */
export function listen(server: Server, { host, port }: Address, log: Log): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      // From now on an error is one connection that could not be accepted: too many open files, for example.
      server.on('error', (error) => log.error('a connection could not be accepted', { error }));
      resolve({ host, port: (server.address() as AddressInfo).port });
    });
  });
}

/** An address that cannot be listened on; the message says which and why. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** What was to be served there, such as `xDS`. */
  readonly serves: string;

  constructor(message: string, serves: string, cause: unknown) {
    super(message, { cause });
    this.serves = serves;
  }
}
