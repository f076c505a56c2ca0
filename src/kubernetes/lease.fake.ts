/** A Lease in memory with a server's rules: each replacement only of what was read, and requests that may fail. */
import { ConnectionError } from '../lib/http-client.ts';
import { ApiError } from './errors.ts';
import type { Lease, LeaseRecord, LeaseStore } from './lease.ts';

export interface FakeLease {
  readonly record: (Lease & Pick<LeaseRecord, 'renewedAt'>) | undefined;
  /** How often it was written. */
  readonly writes: number;
  /** The store as one process sees it, which may be cut off from it. */
  storeOf(isCutOff: () => 'no' | 'before' | 'after'): LeaseStore;
}

export function fakeLease(): FakeLease {
  let record: FakeLease['record'];
  let writes = 0;
  const write = (given: LeaseRecord) => {
    writes += 1;
    record = { ...given, version: String(writes) };
    return record;
  };
  return {
    get record() {
      return record;
    },
    get writes() {
      return writes;
    },
    storeOf(isCutOff) {
      const ask = async <T>(signal: AbortSignal, answer: () => T): Promise<T> => {
        await new Promise(setImmediate);
        if (signal.aborted || isCutOff() === 'before') throw new ConnectionError('the request was lost');
        const result = answer();
        await new Promise(setImmediate);
        if (signal.aborted || isCutOff() === 'after') throw new ConnectionError('the answer was lost');
        return result;
      };
      return {
        read: (signal) => ask(signal, () => record),
        create: (given, signal) =>
          ask(signal, () => {
            if (record !== undefined) throw new ApiError(409, 'there is one', { reason: 'AlreadyExists' });
            return write(given);
          }),
        replace: (lease, given, signal) =>
          ask(signal, () => {
            if (record?.version !== lease.version) throw new ApiError(409, 'it has changed', { reason: 'Conflict' });
            return write(given);
          }),
      };
    },
  };
}
