/** A server of which the test says what it answers, and when. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Query, QueryAnswer, QueryClient } from '../../src/blocking-query/client.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';

export interface Asked {
  readonly path: string;
  /** What the answer has to be newer than; undefined for a question that does not wait. */
  readonly index: number | undefined;
  answer(answer: Partial<QueryAnswer>): void;
  fail(error: Error): void;
}

export interface FakeQueryClient extends Pick<QueryClient, 'get'> {
  readonly clock: FakeClock;
  /** Questions that have neither an answer nor been given up, the oldest first. */
  readonly open: readonly Asked[];
  /** How many there have been. */
  readonly count: number;
  /** The oldest open question about something. Throws when there is none. */
  about(path: string): Asked;
  /** Lets whoever asks go on, and then time pass. */
  pass(ms: number): Promise<void>;
}

export function fakeQueryClient(): FakeQueryClient {
  const clock = fakeClock();
  const open: Asked[] = [];
  let count = 0;
  return {
    clock,
    open,
    get count() {
      return count;
    },
    get({ path, wait, signal }: Query) {
      count += 1;
      const { promise, resolve, reject } = Promise.withResolvers<QueryAnswer>();
      const close = () => void open.splice(open.indexOf(asked), open.includes(asked) ? 1 : 0);
      const asked: Asked = {
        path,
        index: wait?.index,
        answer(answer) {
          close();
          resolve({ value: [], index: 1, hasLeader: true, isFiltered: false, ...answer });
        },
        fail(error) {
          close();
          reject(error);
        },
      };
      open.push(asked);
      signal?.addEventListener('abort', () => asked.fail(new Error('given up')));
      return promise;
    },
    about(path) {
      const found = open.find((asked) => asked.path === path);
      if (found === undefined)
        throw new Error(`expected a question about ${path}, found ${open.map((asked) => asked.path).join(', ')}`);
      return found;
    },
    async pass(ms) {
      await turn();
      clock.advance(ms);
      for (let i = 0; i < 3; i += 1) await turn();
    },
  };
}
