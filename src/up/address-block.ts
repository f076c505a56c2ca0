/**
 * Loopback addresses that one process has for itself. All of 127.0.0.0/8 is this machine on Linux, so that every pod can
 * have an address of its own; several local meshes on one machine stay apart by the second number of their addresses.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

export interface AddressBlock {
  /** The second number of its addresses. */
  readonly number: number;
  /** An address of the block; both parts from 0 to 254. */
  at(part: number, number: number): string;
  release(): void;
}

/** Whoever listens here, at the block's last address, holds it; the hold ends with the process. */
const lockPort = 15999;

/** The first of some blocks that nobody holds, and in which nobody listens at `inUse`: the port of a pod that was left. */
export async function takeAddressBlock(
  blocks: readonly number[],
  inUse?: { readonly part: number; readonly number: number; readonly port: number },
): Promise<AddressBlock> {
  for (const block of blocks) {
    const at = (part: number, number: number) => `127.${block}.${part}.${number}`;
    const lock = await listening(at(255, 254), lockPort);
    if (lock === undefined) continue;
    const first = inUse === undefined ? undefined : await listening(at(inUse.part, inUse.number), inUse.port);
    if (inUse !== undefined && first === undefined) {
      lock.close();
      continue;
    }
    first?.close();
    return { number: block, at, release: () => lock.close() };
  }
  throw new Error(`expected one of ${blocks.length} blocks of loopback addresses to be free, found none`);
}

async function listening(host: string, port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen(port, host);
  try {
    await once(server, 'listening');
    return server;
  } catch {
    // Somebody listens there.
    return undefined;
  }
}
