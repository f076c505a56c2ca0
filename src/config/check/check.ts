/** What the checks of all kinds share: a place to report to, and the rules for durations, labels and exportTo. */
import { formatPath, type Path } from '../../lib/schema.ts';
import type { Code } from '../../model/codes.ts';
import type { Finding } from '../../model/decode.ts';
import type { Labels } from '../../model/labels.ts';
import type { Severity } from '../../model/problem.ts';
import { isDnsLabel, isLabelKey, isLabelValue } from './names.ts';

/** The object whose spec is checked. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Labels;
}

/** Collects what is wrong with one object. */
export interface Check {
  readonly subject: Subject;
  error(code: Code, path: Path, message: string): void;
  warning(code: Code, path: Path, message: string): void;
}

export function collect(subject: Subject, findings: Finding[]): Check {
  const add = (severity: Severity) => (code: Code, path: Path, message: string) =>
    findings.push({ code, severity, path: formatPath(path), message });
  return { subject, error: add('error'), warning: add('warning') };
}

/** A duration of whole milliseconds, at least one. */
export function checkDuration(check: Check, code: Code, path: Path, ms: number | undefined): void {
  if (ms !== undefined && (ms < 1 || !Number.isInteger(ms)))
    check.error(code, path, `expected at least 1ms, in whole milliseconds, found ${ms}ms`);
}

/** Like checkDuration, and 0 turns the limit off. */
export function checkDurationOrZero(check: Check, code: Code, path: Path, ms: number | undefined): void {
  if (ms !== 0) checkDuration(check, code, path, ms);
}

/** Labels that a Kubernetes object could carry. */
export function checkLabels(check: Check, path: Path, labels: Labels | undefined): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!isLabelKey(key))
      check.error('FW0016', [...path, key], `expected the key of a Kubernetes label, found ${JSON.stringify(key)}`);
    if (!isLabelValue(value))
      check.error('FW0016', [...path, key], `expected the value of a Kubernetes label, found ${JSON.stringify(value)}`);
  }
}

/** The labels of a selector: exact ones only; none means every workload, which is rarely what was meant. */
export function checkSelector(check: Check, path: Path, labels: Labels | undefined): void {
  const entries = Object.entries(labels ?? {});
  if (entries.length === 0)
    check.warning('FW0016', path, 'expected labels, found none: every workload of the namespace is selected');
  for (const [key, value] of entries) {
    if (key === '') check.error('FW0016', path, 'expected the key of a label, found an empty one');
    if (key.includes('*') || value.includes('*'))
      check.error('FW0016', [...path, key], `expected a label without wildcards, found ${key}=${value}`);
  }
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
    const namespace = target === '.' ? check.subject.namespace : target;
    if (target === '~' && options.none === 'refused')
      check.error('FW0119', [...path, i], 'expected namespaces, . or *, found ~, which only a ServiceEntry may use');
    else if (target !== '.' && target !== '*' && target !== '~' && !isDnsLabel(target))
      check.error('FW0119', [...path, i], `expected the name of a namespace, . or *, found ${JSON.stringify(target)}`);
    if (seen.has(namespace))
      check.error('FW0119', [...path, i], `expected each namespace once, found ${target} again (. is ${namespace})`);
    seen.add(namespace);
  }
  for (const alone of ['*', '~'])
    if (seen.has(alone) && seen.size > 1)
      check.error(
        'FW0119',
        [...path],
        `expected ${alone} alone, found it beside ${[...seen].filter((target) => target !== alone).join(', ')}`,
      );
}
