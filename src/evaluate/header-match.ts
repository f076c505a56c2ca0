/**
 * Envoy's HeaderMatcher over the headers of a request. Of a header that occurs several times one value has to match, or none
 * where the match is inverted (Envoy 1.40; older ones joined the values).
 */
import type { HeaderMatcher } from '../proto/envoy/config/route/v3/route_components.ts';
import type { Request } from './request.ts';
import { describeText, matchesRegex, matchesText } from './text-match.ts';

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
  switch (wanted.$case) {
    case 'stringMatch':
      return matchesText(wanted.value, text);
    case 'exactMatch':
      // An empty text asks for presence alone.
      return wanted.value === '' || text === wanted.value;
    case 'prefixMatch':
      return text.startsWith(wanted.value);
    case 'suffixMatch':
      return text.endsWith(wanted.value);
    case 'containsMatch':
      return text.includes(wanted.value);
    case 'safeRegexMatch':
      return matchesRegex(wanted.value, text);
    case 'rangeMatch': {
      const { start = 0, end = 0 } = wanted.value;
      const number = /^\s*[-+]?\d+\s*$/.test(text) ? Number(text) : undefined;
      return number !== undefined && number >= start && number < end;
    }
  }
}

function describe(wanted: ValueMatch, isInverted: boolean): string {
  return `it must ${isInverted ? 'not ' : ''}be one that ${rule(wanted)}`;
}

function rule(wanted: ValueMatch): string {
  switch (wanted.$case) {
    case 'stringMatch':
      return describeText(wanted.value);
    case 'rangeMatch':
      return `is from ${wanted.value.start ?? 0} to below ${wanted.value.end ?? 0}`;
    case 'safeRegexMatch':
      return describeText({ matchPattern: { $case: 'safeRegex', value: wanted.value } });
    case 'exactMatch':
      return describeText({ matchPattern: { $case: 'exact', value: wanted.value } });
    case 'prefixMatch':
      return describeText({ matchPattern: { $case: 'prefix', value: wanted.value } });
    case 'suffixMatch':
      return describeText({ matchPattern: { $case: 'suffix', value: wanted.value } });
    case 'containsMatch':
      return describeText({ matchPattern: { $case: 'contains', value: wanted.value } });
  }
}
