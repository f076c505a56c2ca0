import type { Duration } from '../proto/google/protobuf/duration.ts';

/** In milliseconds, with a fraction where there is one. */
export function durationMs({ seconds = 0, nanos = 0 }: Duration): number {
  return seconds * 1000 + nanos / 1e6;
}
