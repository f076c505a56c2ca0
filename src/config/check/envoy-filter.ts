/** The rules for an EnvoyFilter beyond its schema, as Istio's validation has them. */
import type { Path } from '../../lib/schema.ts';
import type { ConfigPatch, EnvoyFilter } from '../envoy-filter.ts';
import { type Check, checkSelector } from './check.ts';
import { checkPatchEffect } from './patch-effect.ts';
import { checkPatchValue } from './patch-value.ts';
import { re2Problem } from './re2.ts';

export function checkEnvoyFilter(
  { configPatches = [], workloadSelector, targetRefs }: EnvoyFilter,
  check: Check,
): void {
  if (workloadSelector !== undefined)
    checkSelector(check, ['spec', 'workloadSelector', 'labels'], workloadSelector.labels);
  if (targetRefs !== undefined) checkTargets(check, ['spec', 'targetRefs'], targetRefs, workloadSelector);
  if (configPatches.length === 0)
    check.warning('FW0601', ['spec', 'configPatches'], 'expected at least one patch, found none');
  for (const [i, patch] of configPatches.entries()) checkPatch(check, ['spec', 'configPatches', i], patch);
}

/** Of what may be a target this version serves gateways. */
function checkTargets(
  check: Check,
  path: Path,
  targets: NonNullable<EnvoyFilter['targetRefs']>,
  selector: EnvoyFilter['workloadSelector'],
): void {
  if (targets.length > 0 && selector !== undefined)
    check.error('FW0601', path, 'expected at most one of workloadSelector and targetRefs, found both');
  for (const [i, { group = '', kind = '', name = '', namespace = '' }] of targets.entries()) {
    if (name === '') check.error('FW0601', [...path, i, 'name'], 'expected the name of a target, found none');
    if (namespace !== '' && namespace !== check.subject.namespace)
      check.error('FW0601', [...path, i, 'namespace'], `expected ${check.subject.namespace}, found ${namespace}`);
    if (group !== 'gateway.networking.k8s.io' || kind !== 'Gateway')
      check.warning(
        'FW0009',
        [...path, i],
        `expected a Gateway of gateway.networking.k8s.io, found ${group === '' ? kind : `${kind} of ${group}`}: it is for waypoints, which this version does not serve`,
      );
  }
}

function checkPatch(check: Check, path: Path, found: ConfigPatch): void {
  const { applyTo, match, patch } = found;
  if (applyTo === undefined || applyTo === 'INVALID')
    check.error('FW0601', [...path, 'applyTo'], 'expected what the patch applies to, found nothing');
  const operation = patch?.operation;
  if (operation === undefined || operation === 'INVALID')
    check.error('FW0601', [...path, 'patch', 'operation'], 'expected an operation, found none');
  else if (operation !== 'REMOVE' && patch?.value === undefined)
    check.error('FW0601', [...path, 'patch', 'value'], `expected a value for operation ${operation}, found none`);
  if (applyTo !== undefined && applyTo !== 'INVALID' && operation !== undefined && operation !== 'INVALID') {
    checkPatchEffect(check, path, applyTo, operation, found);
    if (patch?.value !== undefined)
      checkPatchValue(check, [...path, 'patch', 'value'], applyTo, operation, patch.value);
  }
  if (match === undefined) return;
  const at = [...path, 'match'];
  const version = match.proxy?.proxyVersion ?? '';
  const problem = version === '' ? undefined : re2Problem(version);
  if (problem !== undefined) check.error('FW0601', [...at, 'proxy', 'proxyVersion'], problem);
  checkMatchedObject(check, at, applyTo, match);
  checkFilterMatch(check, [...at, 'listener', 'filterChain', 'filter'], applyTo, match);
}

type Match = NonNullable<ConfigPatch['match']>;
type ApplyTo = ConfigPatch['applyTo'];

const matchedBy: { readonly [applyTo: string]: 'listener' | 'routeConfiguration' | 'cluster' } = {
  LISTENER: 'listener',
  FILTER_CHAIN: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  LISTENER_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'routeConfiguration',
  VIRTUAL_HOST: 'routeConfiguration',
  HTTP_ROUTE: 'routeConfiguration',
  CLUSTER: 'cluster',
};

function checkMatchedObject(check: Check, path: Path, applyTo: ApplyTo, match: Match): void {
  const found = (['listener', 'routeConfiguration', 'cluster'] as const).filter((kind) => match[kind] !== undefined);
  const wanted = matchedBy[applyTo ?? ''];
  if (found.length > 1)
    check.error(
      'FW0601',
      path,
      `expected one of listener, routeConfiguration and cluster, found ${found.join(' and ')}`,
    );
  else if (wanted !== undefined && found[0] !== undefined && found[0] !== wanted)
    check.error('FW0601', [...path, found[0]], `expected ${wanted} for applyTo ${applyTo}, found ${found[0]}`);
}

const connectionManagers = ['envoy.filters.network.http_connection_manager', 'envoy.http_connection_manager'];

function checkFilterMatch(check: Check, path: Path, applyTo: ApplyTo, match: Match): void {
  const filter = match.listener?.filterChain?.filter;
  if (filter === undefined) return;
  const { name = '', subFilter } = filter;
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN')
    check.warning('FW0601', path, `expected no filter for applyTo ${applyTo}, found one: it has no effect`);
  if (name === '') check.error('FW0601', [...path, 'name'], 'expected the name of a filter, found none');
  if (subFilter === undefined) return;
  const at = [...path, 'subFilter'];
  if (applyTo !== 'HTTP_FILTER')
    check.error('FW0601', at, `expected it only for applyTo HTTP_FILTER, found it for ${applyTo}`);
  if (name !== '' && !connectionManagers.includes(name))
    check.error('FW0601', at, `expected it only within ${connectionManagers[0]}, found it within ${name}`);
  if ((subFilter.name ?? '') === '')
    check.error('FW0601', [...at, 'name'], 'expected the name of a filter, found none');
}
