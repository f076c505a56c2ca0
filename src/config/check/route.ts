/** What the checks of HTTP, TLS and TCP routes share. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import type { Destination, StringMatch } from '../virtual-service.ts';
import type { Check } from './check.ts';
import { isDnsLabel, isDnsName, isWildcardDnsName } from './names.ts';
import { re2Problem } from './re2.ts';

/** `mesh`, a name in the rule's namespace, `namespace/name`, or a legacy full name. */
export function checkGateways(check: Check, path: Path, gateways: readonly string[] | undefined): void {
  for (const [i, gateway] of (gateways ?? []).entries()) {
    const parts = gateway.split('/');
    const isValid = parts.length === 2 ? parts.every(isDnsLabel) : parts.length === 1 && isDnsName(gateway);
    if (!isValid)
      check.error(
        'FW0120',
        [...path, i],
        `expected mesh, a name or namespace/name of a Gateway, found ${JSON.stringify(gateway)}`,
      );
    else if (parts.length === 1 && gateway.includes('.'))
      check.warning(
        'FW0120',
        [...path, i],
        `expected the form namespace/name, found ${gateway}, which is read as ${gateway.split('.').slice(0, 2).reverse().join('/')}`,
      );
  }
}

/** Where a text may be empty: a prefix of nothing fits every path, but Envoy takes none elsewhere. */
export type EmptyPrefix = 'allowed' | 'refused';

export function checkStringMatch(check: Check, path: Path, match: StringMatch, emptyPrefix: EmptyPrefix): void {
  const { prefix, regex } = match;
  if (prefix === '' && emptyPrefix === 'refused')
    check.error('FW0107', [...path, 'prefix'], 'expected a prefix, found an empty text');
  if (regex === undefined) return;
  const problem = regex === '' ? 'expected a regular expression, found an empty text' : re2Problem(regex);
  if (problem !== undefined) check.error('FW0108', [...path, 'regex'], problem);
}

/** A port that a match asks for; 0 stands for any. */
export function checkMatchPort(check: Check, path: Path, port: number | undefined): void {
  if (port !== undefined && port > 65535) check.error('FW0107', path, `expected a port from 1 to 65535, found ${port}`);
}

export function checkDestination(check: Check, path: Path, destination: Destination): void {
  const { host, subset, port } = destination;
  if (host === '*') check.error('FW0121', [...path, 'host'], 'expected one service, found *');
  else if (isIP(host) !== 0)
    check.error(
      'FW0121',
      [...path, 'host'],
      `expected the name of a service, found the address ${host}: give it a name by a ServiceEntry`,
    );
  else if (!isWildcardDnsName(host))
    check.error('FW0121', [...path, 'host'], `expected the name of a service, found ${JSON.stringify(host)}`);
  if (subset !== undefined && subset !== '' && !isDnsLabel(subset))
    check.error('FW0121', [...path, 'subset'], `expected the name of a subset, found ${JSON.stringify(subset)}`);
  if (port !== undefined && (port.number ?? 0) === 0)
    check.error('FW0121', [...path, 'port'], `expected a port number from 1 to 65535, found ${port.number ?? 'none'}`);
}

/** Envoy adds weights up in 32 bits. */
const largestSum = 0xffffffff;

/** Weights: none negative, not all 0 where there are several, and together no more than Envoy counts. */
export function checkWeights(check: Check, path: Path, route: readonly { readonly weight?: number }[]): void {
  for (const [i, { weight = 0 }] of route.entries())
    if (weight < 0) check.error('FW0106', [...path, i, 'weight'], `expected a weight of 0 or more, found ${weight}`);
  const sum = route.reduce((total, { weight = 0 }) => total + weight, 0);
  if (sum > largestSum) check.error('FW0106', path, `expected weights of ${largestSum} together at most, found ${sum}`);
  if (route.length > 1 && route.every(({ weight = 0 }) => weight === 0))
    check.error(
      'FW0106',
      path,
      `expected a weight above 0 for at least one of the ${route.length} destinations, found none`,
    );
}

/** A percentage; Envoy counts in millionths, so that anything between 0 and 0.0001 would be 0. */
export function checkPercentage(check: Check, code: 'FW0112' | 'FW0115', path: Path, value: number | undefined): void {
  if (value !== undefined && (value < 0 || value > 100 || (code === 'FW0112' && value > 0 && value < 0.0001)))
    check.error(code, path, `expected a percentage from 0 to 100, in steps of 0.0001, found ${value}`);
}
