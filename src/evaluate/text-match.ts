/** Envoy's StringMatcher and RE2 patterns. User patterns meet RE2 only, which takes linear time. */
import { RE2JS } from 're2js';
import type { RegexMatcher } from '../proto/envoy/type/matcher/v3/regex.ts';
import type { StringMatcher } from '../proto/envoy/type/matcher/v3/string.ts';

/** An absent pattern and an extension match nothing. */
export function matchesText({ matchPattern: pattern, ignoreCase }: StringMatcher, text: string): boolean {
  const fold = (value: string) => (ignoreCase === true ? value.toLowerCase() : value);
  switch (pattern?.$case) {
    case 'exact':
      return fold(text) === fold(pattern.value);
    case 'prefix':
      return fold(text).startsWith(fold(pattern.value));
    case 'suffix':
      return fold(text).endsWith(fold(pattern.value));
    case 'contains':
      return fold(text).includes(fold(pattern.value));
    case 'safeRegex':
      return matchesRegex(pattern.value, text);
    default:
      return false;
  }
}

/** Whether the pattern means the whole text. A pattern that RE2 refuses means none. */
export function matchesRegex({ regex = '' }: RegexMatcher, text: string): boolean {
  return compiled(regex)?.matches(text) ?? false;
}

/** Every occurrence replaced; `\1` in the substitution is the first group. */
export function replaceRegex({ regex = '' }: RegexMatcher, text: string, substitution: string): string {
  const expand = (...groups: unknown[]) =>
    substitution.replace(/\\(\d|\\)/g, (_, what: string) =>
      what === '\\' ? what : String(groups[Number(what)] ?? ''),
    );
  return compiled(regex)?.matcher(text).replaceAll(expand) ?? text;
}

function compiled(regex: string): RE2JS | undefined {
  try {
    return RE2JS.compile(regex);
  } catch {
    // Envoy would have refused the configuration; nothing can match it.
    return undefined;
  }
}

/** What a matcher asks for, for people. */
export function describeText({ matchPattern: pattern, ignoreCase }: StringMatcher): string {
  const words = { exact: 'is', prefix: 'begins with', suffix: 'ends with', contains: 'contains', safeRegex: 'matches' };
  if (pattern === undefined || pattern.$case === 'custom') return 'matches an extension';
  const value = pattern.$case === 'safeRegex' ? pattern.value.regex : pattern.value;
  return `${words[pattern.$case]} ${JSON.stringify(value)}${ignoreCase === true ? ' in any case' : ''}`;
}
