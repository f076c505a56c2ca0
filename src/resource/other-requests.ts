import type { VirtualHostIr } from '../ir/route.ts';
import { passthrough } from '../mesh/names.ts';

/** What a sidecar does with requests for hosts that nobody knows: passes them on to where they were going, or refuses them. */
export function otherRequests(policy: 'allow' | 'block'): VirtualHostIr {
  const match = { path: { kind: 'prefix', value: '/' } } as const;
  const common = { domains: ['*'], countsAttempts: true, origins: [] };
  if (policy === 'block')
    return {
      ...common,
      name: 'block_all',
      routes: [{ name: 'block_all', match, action: { kind: 'respond', status: 502 } }],
    };
  const forward = {
    kind: 'forward',
    clusters: [{ name: passthrough, weight: 0 }],
    isWeighted: false,
    timeoutMs: 0,
    limits: 'grpc-timeout',
  } as const;
  return { ...common, name: 'allow_any', routes: [{ name: 'allow_any', match, action: forward }] };
}
