/** The rules for load balancing beyond its schema. */
import type { Path } from '../../lib/schema.ts';
import type { ConsistentHash, LoadBalancer, LocalityLoadBalancing } from '../destination-rule.ts';
import { type Check, checkDuration } from './check.ts';

/** Whether outlier detection takes failing endpoints out, without which nothing fails over. */
export type Ejection = 'ejects' | 'never';

export function checkLoadBalancer(check: Check, path: Path, loadBalancer: LoadBalancer, ejection: Ejection): void {
  const { consistentHash, localityLbSetting, zoneAwareLbSetting, warmup } = loadBalancer;
  if (consistentHash !== undefined) checkConsistentHash(check, [...path, 'consistentHash'], consistentHash);
  if (localityLbSetting !== undefined && zoneAwareLbSetting !== undefined)
    check.error('FW0204', path, 'expected one of localityLbSetting and zoneAwareLbSetting, found both');
  if (localityLbSetting !== undefined) {
    const at = [...path, 'localityLbSetting'];
    checkLocality(check, at, localityLbSetting);
    const { failover = [], failoverPriority = [] } = localityLbSetting;
    if (ejection === 'never' && failover.length + failoverPriority.length > 0)
      check.warning(
        'FW0204',
        at,
        'expected outlierDetection beside it, found none: without it nothing fails over to other localities',
      );
  }
  if (warmup === undefined) return;
  const { duration, minimumPercent = 10, aggression = 1 } = warmup;
  checkDuration(check, 'FW0204', [...path, 'warmup', 'duration'], duration);
  if (minimumPercent < 0 || minimumPercent > 100)
    check.error('FW0204', [...path, 'warmup', 'minimumPercent'], `expected 0 to 100, found ${minimumPercent}`);
  if (aggression < 1)
    check.error('FW0204', [...path, 'warmup', 'aggression'], `expected 1 or more, found ${aggression}`);
}

const hashKeys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;
const largestMaglevTable = 5_000_011;
/** More entries than that make Envoy refuse the cluster. */
const largestRing = 8_388_608;

function checkConsistentHash(check: Check, path: Path, hash: ConsistentHash): void {
  const { httpCookie: cookie, minimumRingSize = 0, ringHash, maglev } = hash;
  if (hashKeys.every((key) => hash[key] === undefined))
    check.warning('FW0204', path, `expected one of ${hashKeys.join(', ')}, found none: requests are spread at random`);
  if (hash.httpHeaderName === '')
    check.error('FW0204', [...path, 'httpHeaderName'], 'expected the name of a header, found an empty text');
  if (hash.httpQueryParameterName === '')
    check.error('FW0204', [...path, 'httpQueryParameterName'], 'expected the name of a parameter, found an empty text');
  if (minimumRingSize !== 0) {
    if (ringHash !== undefined || maglev !== undefined)
      check.error('FW0204', path, 'expected one of minimumRingSize, ringHash and maglev, found several');
    else check.warning('FW0204', [...path, 'minimumRingSize'], 'expected ringHash.minimumRingSize, which replaces it');
  }
  const ringSize = ringHash?.minimumRingSize ?? minimumRingSize;
  if (ringSize > largestRing)
    check.error('FW0204', path, `expected a ring of at most ${largestRing} entries, found ${ringSize}`);
  const tableSize = maglev === undefined ? undefined : (maglev.tableSize ?? 0);
  if (tableSize !== undefined && (tableSize >= largestMaglevTable || !isPrime(tableSize)))
    check.error(
      'FW0204',
      [...path, 'maglev', 'tableSize'],
      `expected a prime number below ${largestMaglevTable}, found ${tableSize}`,
    );
  if (cookie?.name === '')
    check.error('FW0204', [...path, 'httpCookie', 'name'], 'expected the name of a cookie, found an empty text');
  if ((cookie?.ttl ?? 0) < 0)
    check.error('FW0204', [...path, 'httpCookie', 'ttl'], 'expected 0 or more, found a negative duration');
}

/** As Envoy sees it, for which 1 is one. */
function isPrime(n: number): boolean {
  if (n === 0) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

/** Labels that a `failover` of regions has settled already. */
const topologyLabels = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];

export function checkLocality(check: Check, path: Path, locality: LocalityLoadBalancing): void {
  const { distribute = [], failover = [], failoverPriority = [] } = locality;
  if (distribute.length > 0 && failover.length > 0)
    check.error('FW0204', path, 'expected distribute or failover, found both');
  if (distribute.length > 0 && failoverPriority.length > 0)
    check.warning('FW0204', path, 'expected distribute or failoverPriority, found both');
  const settled = failoverPriority.find((label) => topologyLabels.includes(label));
  if (failover.length > 0 && settled !== undefined)
    check.error('FW0204', [...path, 'failoverPriority'], `expected no ${settled} beside failover, found it`);
  for (const [i, { to = {} }] of distribute.entries()) checkShares(check, [...path, 'distribute', i, 'to'], to);
  checkLocalities(
    check,
    [...path, 'distribute'],
    distribute.map(({ from = '' }) => from),
  );
  const regions = new Set<string>();
  for (const [i, { from = '', to = '' }] of failover.entries()) {
    const at = [...path, 'failover', i];
    if (from === to) check.error('FW0204', at, `expected two different regions, found ${JSON.stringify(from)} twice`);
    if (/[/*]/.test(from + to))
      check.error('FW0204', at, `expected regions alone, found from ${JSON.stringify(from)} to ${JSON.stringify(to)}`);
    if (regions.has(from))
      check.warning('FW0204', [...at, 'from'], `expected each region once, found ${from} again: the first counts`);
    regions.add(from);
  }
}

function checkShares(check: Check, path: Path, to: { readonly [locality: string]: number }): void {
  const weights = Object.values(to);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.some((weight) => weight < 1 || weight > 100))
    check.error('FW0204', path, 'expected weights from 1 to 100, found others');
  else if (sum !== 100) check.error('FW0204', path, `expected weights that add up to 100, found ${sum}`);
  checkLocalities(check, path, Object.keys(to));
}

/**
 * `region/zone/subzone`, of which the end may be `*` or missing. None may lie within an earlier one; a later one may be
 * wider where it says so by its `*`.
 */
function checkLocalities(check: Check, path: Path, localities: readonly string[]): void {
  const seen: (readonly string[])[] = [];
  for (const locality of localities) {
    const parts = locality.split('/');
    if (!/^[^*]*\*?$/.test(locality) || parts.length > 3 || parts.includes('')) {
      check.error(
        'FW0204',
        path,
        `expected region, region/zone or region/zone/subzone with * at its end or none, found ${JSON.stringify(locality)}`,
      );
      continue;
    }
    const isOpen = parts.at(-1) === '*';
    const wanted = isOpen ? parts.slice(0, -1) : parts;
    const other = seen.find((one) => isWithin(wanted, one) || (!isOpen && isWithin(one, wanted)));
    if (other !== undefined)
      check.error(
        'FW0204',
        path,
        `expected localities that do not overlap, found ${locality} beside ${other.join('/') || '*'}`,
      );
    seen.push(wanted);
  }
}

function isWithin(narrow: readonly string[], wide: readonly string[]): boolean {
  return wide.every((part, i) => narrow[i] === part);
}
