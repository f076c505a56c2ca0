import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Connection, watchPropagation } from './propagation.ts';

/** A proxy that has been sent one type; `error`: it rejected a response. */
function proxy(name: string, sent: string, acked: string, error?: string): Connection {
  const lastError = error === undefined ? undefined : { nonce: sent, code: 3, message: error, atMs: 0 };
  const state = error !== undefined ? 'ERROR' : sent === acked ? 'SYNCED' : 'STALE';
  const types = [{ typeUrl: 'type', state, subscribed: 'all', sent, acked, sentAtMs: 0, lastError }];
  return { proxy: { connection: `${name}-1`, name }, types } as unknown as Connection;
}

describe('a change', () => {
  it('that reaches nobody is done at once', async () => {
    const watch = watchPropagation(
      () => [proxy('a', '1', '1')],
      () => 0,
    );
    assert.deepEqual(await watch.changed(), { proxies: 0, rejections: [], durationMs: 0 });
  });

  it('is done when every proxy has answered, with how long that took', async () => {
    let connections = [proxy('a', '1', '1'), proxy('b', '1', '1')];
    let nowMs = 0;
    const watch = watchPropagation(
      () => connections,
      () => nowMs,
    );
    const done = watch.changed();
    connections = [proxy('a', '2', '1'), proxy('b', '1', '1')];
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
    nowMs = 7;
    connections = [proxy('a', '2', '2'), proxy('b', '1', '1')];
    watch.answered();
    assert.deepEqual(await done, { proxies: 1, rejections: [], durationMs: 7 });
  });

  it('that a proxy rejects is done too, and says who and why', async () => {
    let connections = [proxy('a', '1', '1'), proxy('b', '1', '1')];
    const watch = watchPropagation(
      () => connections,
      () => 0,
    );
    const done = watch.changed();
    connections = [proxy('a', '2', '2'), proxy('b', '2', '1', 'cannot bind\n')];
    assert.deepEqual(await done, {
      proxies: 1,
      rejections: [{ proxy: 'b', message: 'cannot bind' }],
      durationMs: 0,
    });
  });
});
