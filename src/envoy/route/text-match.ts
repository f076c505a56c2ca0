/** TextMatchIr → StringMatcher. */
import type { TextMatchIr } from '../../ir/route.ts';
import type { StringMatcher } from '../../proto/envoy/type/matcher/v3/string.ts';

export function stringMatcher(ir: Exclude<TextMatchIr, { readonly kind: 'present' }>): StringMatcher {
  switch (ir.kind) {
    case 'exact':
      return { matchPattern: { $case: 'exact', value: ir.value } };
    case 'prefix':
      return { matchPattern: { $case: 'prefix', value: ir.value } };
    case 'regex':
      return { matchPattern: { $case: 'safeRegex', value: { regex: ir.value } } };
  }
}
