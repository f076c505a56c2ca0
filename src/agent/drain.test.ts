import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drainPolicy } from './drain.ts';
import { parseProxyConfig } from './proxy-config.ts';

describe('how a proxy ends', () => {
  const check = (
    name: string,
    { config = '', env = {}, limitMs }: { config?: string; env?: NodeJS.ProcessEnv; limitMs?: number },
    [leastMs, mostMs, waitsForIdle]: readonly [number, number, boolean],
  ) =>
    it(name, () =>
      assert.deepEqual(drainPolicy(parseProxyConfig(config, 'PROXY_CONFIG'), env, limitMs), {
        leastMs,
        mostMs,
        waitsForIdle,
      }),
    );
  const exits = { EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true' };
  check('within what a pod has by itself', {}, [5000, 25_000, false]);
  check('within what its ProxyConfig says', { config: 'terminationDrainDuration: 60s' }, [5000, 60_000, false]);
  check('sooner than usual for a short time', { config: 'terminationDrainDuration: 2s' }, [2000, 2000, false]);
  check('within what an option says', { config: 'terminationDrainDuration: 60s', limitMs: 3000 }, [3000, 3000, false]);
  check('when nobody is connected, however long that takes', { env: exits }, [5000, Number.POSITIVE_INFINITY, true]);
  check('when nobody is connected, within an option', { env: exits, limitMs: 9000 }, [5000, 9000, true]);
  check('not before a stated time', { env: { ...exits, MINIMUM_DRAIN_DURATION: '10s' } }, [
    10_000,
    Number.POSITIVE_INFINITY,
    true,
  ]);

  it('is told when a duration is none', () =>
    assert.throws(() => drainPolicy({}, { MINIMUM_DRAIN_DURATION: 'soon' }), {
      message: 'MINIMUM_DRAIN_DURATION: expected a duration such as 5s, found "soon"',
    }));
});
