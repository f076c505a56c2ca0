/** When real proxies have everything that a control plane means them to have. */
import { setImmediate } from 'node:timers/promises';
import type { DiscoveryServer } from '../../../src/discovery-server.ts';
import { until } from '../../support/until.ts';
import type { Envoy } from './envoy.ts';

const settleMs = 15_000;

/** Everything that was sent is answered, and no cluster or listener waits for more. Yields what was rejected. */
export async function answered({ ads }: DiscoveryServer, envoys: readonly Envoy[]): Promise<readonly string[]> {
  // What was applied is committed and sent at the end of this turn.
  await setImmediate();
  await setImmediate();
  const state = () =>
    ads
      .connections()
      .flatMap(({ types }) => types.map(({ sent }) => sent))
      .join(' ');
  const isAnswered = () =>
    ads.connections().length === envoys.length &&
    ads.connections().every(({ types }) => types.every(({ state }) => state !== 'STALE'));
  const isSettled = async () => {
    if (!isAnswered()) return false;
    const before = state();
    const warming = await Promise.all(envoys.map((envoy) => envoy.stats('warming')));
    return isAnswered() && state() === before && warming.every((stats) => [...stats.values()].every((n) => n === 0));
  };
  await until(isSettled, { what: 'every proxy to have everything in force', mostMs: settleMs });
  return ads
    .connections()
    .flatMap(({ proxy, types }) =>
      types
        .filter((type) => type.state === 'ERROR')
        .map(({ typeUrl, lastError }) => `${proxy.name}: ${typeUrl}: ${lastError?.message}`),
    );
}
