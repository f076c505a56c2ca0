/** Which requests a match of a VirtualService means. */
import type { HttpMatch, StringMatch } from '../config/virtual-service.ts';
import type { MatchIr, TextMatchIr } from '../ir/route.ts';

/** Whether a match takes every request: the path says nothing, and nothing else is asked. */
export function isCatchAll({ path, headers = [], query = [], claims = [] }: MatchIr): boolean {
  const takesAll =
    path.kind === 'regex'
      ? path.value === '.*'
      : (path.kind === 'prefix' || path.kind === 'segments') && path.value === '/';
  return takesAll && headers.length + query.length + claims.length === 0;
}

export function matchOf(match: HttpMatch | undefined): MatchIr {
  if (match === undefined) return { path: { kind: 'prefix', value: '/' } };
  const headers: { name: string; match: TextMatchIr; inverted?: boolean; missingIsEmpty?: boolean }[] = [];
  const claims: { path: readonly string[]; match: TextMatchIr; inverted?: boolean }[] = [];
  for (const [name, value] of Object.entries(match.headers ?? {})) {
    const claim = claimPath(name);
    if (claim === undefined) headers.push({ name, match: textMatch(value) });
    else claims.push({ path: claim, match: textMatch(value) });
  }
  for (const [name, value] of Object.entries(match.withoutHeaders ?? {})) {
    const claim = claimPath(name);
    const text = textMatch(value);
    if (claim !== undefined) claims.push({ path: claim, match: text, inverted: true });
    else
      headers.push({ name, match: text, inverted: true, ...(text.kind === 'present' ? {} : { missingIsEmpty: true }) });
  }
  headers.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const pseudo = [
    [':method', match.method],
    [':authority', match.authority],
    [':scheme', match.scheme],
  ] as const;
  for (const [name, value] of pseudo) if (value !== undefined) headers.push({ name, match: textMatch(value) });
  const query = Object.entries(match.queryParams ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, match: textMatch(value) }));
  return {
    path: pathOf(match.uri),
    caseSensitive: match.ignoreUriCase !== true,
    ...(headers.length === 0 ? {} : { headers }),
    ...(query.length === 0 ? {} : { query }),
    ...(claims.length === 0 ? {} : { claims }),
  };
}

function pathOf(uri: StringMatch | undefined): MatchIr['path'] {
  if (uri?.exact !== undefined) return { kind: 'exact', value: uri.exact };
  if (uri?.prefix !== undefined) return { kind: 'prefix', value: uri.prefix };
  if (uri?.regex !== undefined) return { kind: 'regex', value: uri.regex };
  return { kind: 'prefix', value: '/' };
}

/** An empty match asks for presence; so does the regular expression `*`, which is none. */
export function textMatch({ exact, prefix, regex }: StringMatch): TextMatchIr {
  if (exact !== undefined) return { kind: 'exact', value: exact };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix };
  return regex === undefined || regex === '*' ? { kind: 'present' } : { kind: 'regex', value: regex };
}

/** `@request.auth.claims.a.b` or `@request.auth.claims[a][b]` */
function claimPath(header: string): readonly string[] | undefined {
  const prefix = '@request.auth.claims';
  if (!header.startsWith(prefix)) return undefined;
  const rest = header.slice(prefix.length);
  return rest.startsWith('[')
    ? [...rest.matchAll(/\[([^\]]*)\]/g)].map(([, key]) => key ?? '')
    : rest.slice(1).split('.');
}
