/** What the checks of HTTP, TLS and TCP routes share. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import type { Destination, StringMatch } from '../virtual-service.ts';
import { type Check, isDnsLabel, isWildcardDnsName, re2Problem } from './check.ts';

/** `mesh`, a name in the rule's namespace, `namespace/name`, or a legacy full name. */
export function checkGateways(gateways: readonly string[] | undefined, path: Path, check: Check): void {
  for (const [i, gateway] of (gateways ?? []).entries()) {
    const parts = gateway.split('/');
    const isValid =
      parts.length === 2
        ? parts.every(isDnsLabel)
        : parts.length === 1 && isWildcardDnsName(gateway) && gateway !== '*';
    if (!isValid)
      check.error(
        'FW0120',
        [...path, i],
        `expected mesh, a name or namespace/name of a Gateway, found ${JSON.stringify(gateway)}`,
      );
  }
}

export function checkStringMatch(match: StringMatch, path: Path, check: Check): void {
  if (match.regex === undefined) return;
  const problem = match.regex === '' ? 'expected a regular expression, found an empty text' : re2Problem(match.regex);
  if (problem !== undefined) check.error('FW0108', [...path, 'regex'], problem);
}

export function checkDestination(destination: Destination, path: Path, check: Check): void {
  const { host, subset, port } = destination;
  if (!isWildcardDnsName(host) && isIP(host) === 0)
    check.error('FW0121', [...path, 'host'], `expected the name of a service, found ${JSON.stringify(host)}`);
  else if (host === '*') check.error('FW0121', [...path, 'host'], 'expected one service, found *');
  if (subset !== undefined && subset !== '' && !isDnsLabel(subset))
    check.error('FW0121', [...path, 'subset'], `expected the name of a subset, found ${JSON.stringify(subset)}`);
  if (port !== undefined && (port.number ?? 0) === 0)
    check.error('FW0121', [...path, 'port'], `expected a port number from 1 to 65535, found ${port.number ?? 'none'}`);
}

/** Weights: none negative, and not all 0 where there are several. */
export function checkWeights(route: readonly { readonly weight?: number }[], path: Path, check: Check): void {
  for (const [i, { weight = 0 }] of route.entries())
    if (weight < 0) check.error('FW0106', [...path, i, 'weight'], `expected a weight of 0 or more, found ${weight}`);
  if (route.length > 1 && route.every(({ weight = 0 }) => weight === 0))
    check.error(
      'FW0106',
      path,
      `expected a weight above 0 for at least one of the ${route.length} destinations, found none`,
    );
}
