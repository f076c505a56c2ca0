/** The rules for header operations beyond their schema. */
import type { Path } from '../../lib/schema.ts';
import type { Headers, HttpRoute } from '../virtual-service.ts';
import type { Check } from './check.ts';
import { headerValueProblem } from './header-value.ts';

/** RFC 9110's token. */
const token = /^[-!#$%&'*+.^_`|~0-9a-zA-Z]+$/;

export function checkHeaders(check: Check, path: Path, headers: Headers | undefined): void {
  for (const side of ['request', 'response'] as const) {
    const operations = headers?.[side];
    if (operations === undefined) continue;
    for (const operation of ['set', 'add'] as const) {
      for (const [name, value] of Object.entries(operations[operation] ?? {})) {
        const at = [...path, side, operation, name];
        if (!(side === 'request' && isAuthority(name))) checkName(check, at, name);
        const problem = headerValueProblem(value);
        if (problem !== undefined) check.error('FW0109', at, problem);
      }
    }
    for (const [i, name] of (operations.remove ?? []).entries()) checkName(check, [...path, side, 'remove', i], name);
  }
}

function checkName(check: Check, path: Path, name: string): void {
  if (name === '') check.error('FW0109', path, 'expected the name of a header, found an empty text');
  else if (name.startsWith(':') || isAuthority(name))
    check.error('FW0109', path, `expected a header other than the pseudo headers and Host, found ${name}`);
  else if (!token.test(name))
    check.warning('FW0109', path, `expected the name of a header, found ${JSON.stringify(name)}`);
}

function isAuthority(name: string): boolean {
  return /^(:authority|host)$/i.test(name);
}

/** The Host of a request may be set in one place only: which of several would win is nobody's to know. */
export function checkAuthority(check: Check, path: Path, { rewrite, headers }: HttpRoute): void {
  const { set = {}, add = {} } = headers?.request ?? {};
  const places = [
    ...((rewrite?.authority ?? '') === '' ? [] : ['rewrite.authority']),
    ...Object.keys(set).flatMap((name) => (isAuthority(name) ? [`headers.request.set.${name}`] : [])),
    ...Object.keys(add).flatMap((name) => (isAuthority(name) ? [`headers.request.add.${name}`] : [])),
  ];
  if (places.length > 1)
    check.error('FW0109', path, `expected the authority to be set once, found ${places.join(' and ')}`);
}
