/** How a proxy ends: who is waited for, and how long. Names and defaults are Istio's, as far as it has them. */
import { parseDuration } from '../lib/schema.ts';
import { type ProxyConfig, ProxyConfigError } from './proxy-config.ts';

export interface DrainPolicy {
  /** How long clients have to hear that it goes, even when nobody waits for an answer, in milliseconds. */
  readonly leastMs: number;
  /** When those who are still there are cut off, in milliseconds; Infinity leaves that to whoever started the proxy. */
  readonly mostMs: number;
  /** Whether connections of HTTP without a request count, too. */
  readonly waitsForIdle: boolean;
}

const usualLeastMs = 5000;
/** Of the 30 s that a pod has to end when it says nothing. */
const usualMostMs = 25_000;

/**
 * `EXIT_ON_ZERO_ACTIVE_CONNECTIONS=true` waits until nobody is connected, but at least `MINIMUM_DRAIN_DURATION`. Else requests and
 * connections of TCP may take as long as `terminationDrainDuration` says. `limitMs` goes before both. Throws ProxyConfigError.
 */
export function drainPolicy(config: ProxyConfig, env: NodeJS.ProcessEnv, limitMs?: number): DrainPolicy {
  const waitsForIdle = env.EXIT_ON_ZERO_ACTIVE_CONNECTIONS === 'true';
  const stated = config.terminationDrainDuration;
  const mostMs = limitMs ?? (waitsForIdle ? Number.POSITIVE_INFINITY : (stated ?? usualMostMs));
  return { leastMs: Math.min(leastOf(env), mostMs), mostMs, waitsForIdle };
}

function leastOf({ MINIMUM_DRAIN_DURATION: text }: NodeJS.ProcessEnv): number {
  if (text === undefined || text === '') return usualLeastMs;
  const ms = parseDuration(text);
  if (ms === undefined || ms < 0)
    throw new ProxyConfigError(`MINIMUM_DRAIN_DURATION: expected a duration such as 5s, found ${JSON.stringify(text)}`);
  return ms;
}
