/**
 * Addresses that one test process has for itself. All of 127.0.0.0/8 is this machine on Linux, so that every proxy and
 * every application can have an address of its own, as pods have, and test files that run at the same time stay apart.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

export interface AddressBlock {
  /** An address of the block; both parts from 0 to 254. */
  at(part: number, number: number): string;
  release(): void;
}

/** Blocks 127.16.0.0/16 to 127.239.0.0/16; `fairway up` takes the ones before them. */
const firstBlock = 16;
const blocks = 224;
/** Whoever listens here holds the block. */
const lockPort = 15999;

/** A block that no other process holds. */
export async function takeAddressBlock(): Promise<AddressBlock> {
  for (let i = 0; i < blocks; i++) {
    const block = firstBlock + ((process.pid + i) % blocks);
    const lock = await listening(`127.${block}.255.254`);
    if (lock !== undefined)
      return { at: (part, number) => `127.${block}.${part}.${number}`, release: () => lock.close() };
  }
  throw new Error(`expected one of ${blocks} blocks of loopback addresses to be free, found none`);
}

async function listening(host: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen(lockPort, host);
  try {
    await once(server, 'listening');
    return server;
  } catch {
    // Another process holds it.
    return undefined;
  }
}
