/**
 * Envoy's HeaderMatcher over the headers of a request. Of a header that occurs several times one value has to match, or none
 * where the match is inverted (Envoy 1.40; older ones joined the values).
 */
import type { HeaderMatcher } from '../proto/envoy/config/route/v3/route_components.ts';
import type { StringMatcher } from '../proto/envoy/type/matcher/v3/string.ts';
import type { Request } from './request.ts';
import { describeText, matchesText } from './text-match.ts';

/** Why the headers do not match; undefined when they do. */
export function headerMismatch(matcher: HeaderMatcher, { headers }: Pick<Request, 'headers'>): string | undefined {
  const { name = '', headerMatchSpecifier: wanted, invertMatch = false, treatMissingHeaderAsEmpty } = matcher;
  // What is taken as empty counts as present.
  const values = headers.get(name.toLowerCase()) ?? (treatMissingHeaderAsEmpty === true ? [''] : []);
  if (wanted === undefined || wanted.$case === 'presentMatch') {
    const mustBePresent = (wanted?.value ?? true) !== invertMatch;
    if (values.length > 0 === mustBePresent) return undefined;
    return `the header ${name} is ${mustBePresent ? 'absent' : 'present'}`;
  }
  // A condition on the value of an absent header holds neither as it is nor inverted.
  const matches = values.length > 0 && values.some((value) => hasValue(wanted, value)) !== invertMatch;
  if (matches) return undefined;
  const found = values.length === 0 ? 'absent' : values.map((value) => JSON.stringify(value)).join(' and ');
  return `the header ${name} is ${found}, ${describe(wanted, invertMatch)}`;
}

type ValueMatch = Exclude<NonNullable<HeaderMatcher['headerMatchSpecifier']>, { readonly $case: 'presentMatch' }>;

function hasValue(wanted: ValueMatch, text: string): boolean {
  if (wanted.$case === 'rangeMatch') {
    const { start = 0, end = 0 } = wanted.value;
    const number = /^\s*[-+]?\d+\s*$/.test(text) ? Number(text) : undefined;
    return number !== undefined && number >= start && number < end;
  }
  // An empty text asks for presence alone.
  if (wanted.$case === 'exactMatch' && wanted.value === '') return true;
  return matchesText(asText(wanted), text);
}

function describe(wanted: ValueMatch, isInverted: boolean): string {
  return `it must ${isInverted ? 'not ' : ''}be one that ${rule(wanted)}`;
}

function rule(wanted: ValueMatch): string {
  if (wanted.$case !== 'rangeMatch') return describeText(asText(wanted));
  return `is from ${wanted.value.start ?? 0} to below ${wanted.value.end ?? 0}`;
}

/** The older forms of a condition on a text, in the new one. */
function asText(wanted: Exclude<ValueMatch, { readonly $case: 'rangeMatch' }>): StringMatcher {
  switch (wanted.$case) {
    case 'stringMatch':
      return wanted.value;
    case 'exactMatch':
      return { matchPattern: { $case: 'exact', value: wanted.value } };
    case 'prefixMatch':
      return { matchPattern: { $case: 'prefix', value: wanted.value } };
    case 'suffixMatch':
      return { matchPattern: { $case: 'suffix', value: wanted.value } };
    case 'containsMatch':
      return { matchPattern: { $case: 'contains', value: wanted.value } };
    case 'safeRegexMatch':
      return { matchPattern: { $case: 'safeRegex', value: wanted.value } };
  }
}
