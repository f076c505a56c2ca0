/** Blocks of loopback addresses for test processes; `fairway up` takes its own before them. */
export const testBlocks: readonly number[] = Array.from({ length: 112 }, (_, i) => 128 + ((process.pid + i) % 112));
