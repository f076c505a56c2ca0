/** The rules for the matches of HTTP routes beyond their schema. */
import type { Path } from '../../lib/schema.ts';
import type { HttpMatch } from '../virtual-service.ts';
import { type Check, checkLabels } from './check.ts';
import { isDnsLabel, isHeaderName } from './names.ts';
import { checkGateways, checkMatchPort, checkStringMatch } from './route.ts';

/** `@request.auth.claims.sub`, `@request.auth.claims[sub]` */
const claim = /^@request\.auth\.claims(\.|\[)./;

/** `claims` tells whether the rule is for gateways alone, where JWT claims are known. */
export function checkHttpMatch(check: Check, path: Path, match: HttpMatch, claims: 'known' | 'unknown'): void {
  if (match.uri !== undefined) checkStringMatch(check, [...path, 'uri'], match.uri, 'allowed');
  for (const field of ['scheme', 'method', 'authority'] as const) {
    const one = match[field];
    if (one !== undefined) checkStringMatch(check, [...path, field], one, 'refused');
  }
  for (const field of ['headers', 'withoutHeaders'] as const) {
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      const at = [...path, field, name];
      checkName(check, at, name, claims);
      // No regular expression, but Istio's way to ask for the absence of a header.
      if (field === 'withoutHeaders' && value.regex === '*') continue;
      checkStringMatch(check, at, value, 'refused');
    }
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {}))
    checkStringMatch(check, [...path, 'queryParams', name], value, 'refused');
  checkMatchPort(check, [...path, 'port'], match.port);
  checkLabels(check, [...path, 'sourceLabels'], match.sourceLabels);
  checkGateways(check, [...path, 'gateways'], match.gateways);
  const { sourceNamespace = '' } = match;
  if (sourceNamespace !== '' && !isDnsLabel(sourceNamespace))
    check.error(
      'FW0107',
      [...path, 'sourceNamespace'],
      `expected the name of a namespace, found ${JSON.stringify(sourceNamespace)}`,
    );
}

function checkName(check: Check, path: Path, name: string, claims: 'known' | 'unknown'): void {
  if (claim.test(name)) {
    if (claims === 'unknown')
      check.error(
        'FW0122',
        path,
        'expected JWT claims only in a VirtualService for gateways other than mesh, found some',
      );
  } else if (!isHeaderName(name)) {
    check.error('FW0107', path, `expected the name of a header, found ${JSON.stringify(name)}`);
  }
}
