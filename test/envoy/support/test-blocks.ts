import { type AddressBlock, takeAddressBlock } from '../../../src/up/address-block.ts';

/** Blocks of loopback addresses for test processes; `fairway up` takes its own before them. */
const testBlocks: readonly number[] = Array.from({ length: 112 }, (_, i) => 128 + ((process.pid + i) % 112));

/** Where the first Envoy of a suite has its admin port: one that a test process left when it was killed still answers there. */
const firstAdmin = { part: 1, number: 1, port: 15_000 };

/** A block that no other test process has, nor what is left of one. */
export function takeTestBlock(): Promise<AddressBlock> {
  return takeAddressBlock(testBlocks, firstAdmin);
}
