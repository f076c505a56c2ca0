/** Envoy's MetadataMatcher over what earlier filters found out about a request. */
import { isRecord } from '../lib/schema.ts';
import type { MetadataMatcher } from '../proto/envoy/type/matcher/v3/metadata.ts';
import type { ValueMatcher } from '../proto/envoy/type/matcher/v3/value.ts';
import type { Request } from './request.ts';
import { matchesText } from './text-match.ts';

/** Why the metadata does not match; undefined when it does. */
export function metadataMismatch(
  matcher: MetadataMatcher,
  { metadata }: Pick<Request, 'metadata'>,
): string | undefined {
  const { filter = '', path = [], value: wanted, invert = false } = matcher;
  const keys = path.map(({ segment }) => segment?.value ?? '');
  let value: unknown = metadata[filter];
  for (const key of keys) value = isRecord(value) ? value[key] : undefined;
  if (hasValue(wanted ?? {}, value) !== invert) return undefined;
  return `${keys.join('.')} of ${filter} is ${value === undefined ? 'absent' : JSON.stringify(value)}`;
}

function hasValue({ matchPattern: wanted }: ValueMatcher, value: unknown): boolean {
  switch (wanted?.$case) {
    case 'nullMatch':
      return value === null;
    case 'stringMatch':
      return typeof value === 'string' && matchesText(wanted.value, value);
    case 'boolMatch':
      return value === wanted.value;
    case 'presentMatch':
      return wanted.value && value !== undefined;
    case 'doubleMatch': {
      const { matchPattern } = wanted.value;
      if (typeof value !== 'number' || matchPattern === undefined) return false;
      if (matchPattern.$case === 'exact') return value === matchPattern.value;
      return value >= (matchPattern.value.start ?? 0) && value < (matchPattern.value.end ?? 0);
    }
    case 'listMatch': {
      const one = wanted.value.matchPattern?.value;
      return Array.isArray(value) && one !== undefined && value.some((item) => hasValue(one, item));
    }
    case 'orMatch':
      return (wanted.value.valueMatchers ?? []).some((one) => hasValue(one, value));
    default:
      return false;
  }
}
