/** Routes of a VirtualService that an earlier route of the same VirtualService leaves nothing for. */
import type { VirtualService } from '../virtual-service.ts';
import type { Check } from './check.ts';
import { coversHttp, coversTcp, coversTls } from './cover.ts';

/** Each match is compared with all before it; a list of more than this many has no person behind it and is left alone. */
const mostMatches = 500;

export function checkUnreachable(check: Check, { hosts = [], http = [], tls = [], tcp = [] }: VirtualService): void {
  // Routes of a delegate are narrowed by those of its root, which leaves out the ones that do not fit.
  checkList(check, 'http', http, hosts.length === 0 ? (wide) => Object.keys(wide).length === 0 : coversHttp);
  checkList(check, 'tls', tls, coversTls);
  checkList(check, 'tcp', tcp, coversTcp);
}

interface Route<Match> {
  readonly match?: readonly Match[];
  readonly delegate?: unknown;
}

function checkList<Match extends object>(
  check: Check,
  list: 'http' | 'tls' | 'tcp',
  routes: readonly Route<Match>[],
  covers: (wide: Match, narrow: Match) => boolean,
): void {
  const earlier: { readonly match: Match; readonly place: string }[] = [];
  for (const [i, { match = [], delegate }] of routes.entries()) {
    const path = ['spec', list, i];
    if (earlier.length + match.length > mostMatches) return;
    // A route without matches takes everything, as an empty match does.
    const own = match.length === 0 ? [{} as Match] : match;
    const placeOf = (j: number) => `spec.${list}[${i}]${match.length === 0 ? '' : `.match[${j}]`}`;
    const coverers = own.map((one) => earlier.find((other) => covers(other.match, one)));
    if (coverers.every((other) => other !== undefined)) {
      const places = [...new Set(coverers.map((other) => other?.place))];
      check.warning(
        'FW0123',
        path,
        `expected a route that some request reaches, found all of it taken by ${places.join(', ')}`,
      );
    } else {
      for (const [j, other] of coverers.entries())
        if (other !== undefined)
          check.warning(
            'FW0123',
            [...path, 'match', j],
            `expected a match that some request reaches, found all of it taken by ${other.place}`,
          );
    }
    // What a delegate does not take goes on to the next route.
    if (delegate !== undefined) continue;
    for (const [j, one] of own.entries()) earlier.push({ match: one, place: placeOf(j) });
  }
}
