/** The rules for an EnvoyFilter beyond its schema, as Istio's validation has them. */
import type { EnvoyFilter } from '../envoy-filter.ts';
import { type Check, re2Problem } from './check.ts';

export function checkEnvoyFilter({ configPatches = [] }: EnvoyFilter, check: Check): void {
  if (configPatches.length === 0)
    check.warning('FW0601', ['spec', 'configPatches'], 'expected at least one patch, found none');
  for (const [i, { applyTo, match, patch }] of configPatches.entries()) {
    const path = ['spec', 'configPatches', i];
    if (applyTo === undefined || applyTo === 'INVALID')
      check.error('FW0601', [...path, 'applyTo'], 'expected what the patch applies to, found nothing');
    const operation = patch?.operation;
    if (operation === undefined || operation === 'INVALID')
      check.error('FW0601', [...path, 'patch', 'operation'], 'expected an operation, found none');
    else if (operation !== 'REMOVE' && patch?.value === undefined)
      check.error('FW0601', [...path, 'patch', 'value'], `expected a value for operation ${operation}, found none`);
    const version = match?.proxy?.proxyVersion;
    const problem = version === undefined ? undefined : re2Problem(version);
    if (problem !== undefined) check.error('FW0601', [...path, 'match', 'proxy', 'proxyVersion'], problem);
    const kinds = ['listener', 'routeConfiguration', 'cluster'] as const;
    const found = kinds.filter((kind) => match?.[kind] !== undefined);
    if (found.length > 1)
      check.error('FW0601', [...path, 'match'], `expected one of ${kinds.join(', ')}, found ${found.join(' and ')}`);
  }
}
