/** What the checks of all kinds share: a place to report to, and the rules for names, addresses and patterns. */
import { isIP } from 'node:net';
import { RE2JS } from 're2js';
import { formatPath, type Path } from '../../lib/schema.ts';
import type { Code } from '../../model/codes.ts';
import type { Finding } from '../../model/decode.ts';
import type { Severity } from '../../model/problem.ts';

/** Collects what is wrong with one object. */
export interface Check {
  error(code: Code, path: Path, message: string): void;
  warning(code: Code, path: Path, message: string): void;
}

export function collect(findings: Finding[]): Check {
  const add = (severity: Severity) => (code: Code, path: Path, message: string) =>
    findings.push({ code, severity, path: formatPath(path), message });
  return { error: add('error'), warning: add('warning') };
}

const label = /^[a-zA-Z0-9]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9])?$/;

/** A DNS name of usual labels, at most 255 characters. */
export function isDnsName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= 255 &&
    name
      .replace(/\.$/, '')
      .split('.')
      .every((part) => label.test(part))
  );
}

/** A DNS name whose first label, or the whole of it, may be `*`. */
export function isWildcardDnsName(name: string): boolean {
  return name === '*' || isDnsName(name.startsWith('*.') ? name.slice(2) : name);
}

export function isDnsLabel(name: string): boolean {
  return label.test(name) && !name.includes('_');
}

/** `1.2.3.4/16` or a single address, of either family. */
export function isAddressOrBlock(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** Longer patterns cost an Envoy too much memory; the limit is Istio's. */
const longestPattern = 1024;
const verdicts = new Map<string, string | undefined>();

/** Why Envoy would refuse a regular expression; undefined when it takes it. Patterns only ever meet RE2. */
export function re2Problem(pattern: string): string | undefined {
  if (pattern.length > longestPattern) return `expected at most ${longestPattern} characters, found ${pattern.length}`;
  if (verdicts.has(pattern)) return verdicts.get(pattern);
  let verdict: string | undefined;
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    verdict = `expected a regular expression of RE2's syntax, found ${JSON.stringify(pattern)}: ${(error as Error).message}`;
  }
  if (verdicts.size > 10_000) verdicts.clear();
  verdicts.set(pattern, verdict);
  return verdict;
}

/** Checks `exportTo`: `.` (own), `*` (all), `~` (none) or names of namespaces; `*` and `~` stand alone. */
export function checkExportTo(
  check: Check,
  exportTo: readonly string[] | undefined,
  options: { readonly none: 'allowed' | 'refused' },
): void {
  if (exportTo === undefined) return;
  const path = ['spec', 'exportTo'] as const;
  const seen = new Set<string>();
  for (const [i, target] of exportTo.entries()) {
    if (target === '~' && options.none === 'refused')
      check.error('FW0119', [...path, i], 'expected namespaces, . or *, found ~, which only a ServiceEntry may use');
    else if (target !== '.' && target !== '*' && target !== '~' && !isDnsLabel(target))
      check.error('FW0119', [...path, i], `expected the name of a namespace, . or *, found ${JSON.stringify(target)}`);
    if (seen.has(target)) check.error('FW0119', [...path, i], `expected each entry once, found ${target} again`);
    seen.add(target);
  }
  for (const alone of ['*', '~'])
    if (seen.has(alone) && seen.size > 1)
      check.error(
        'FW0119',
        [...path],
        `expected ${alone} alone, found it beside ${[...seen].filter((target) => target !== alone).join(', ')}`,
      );
}
