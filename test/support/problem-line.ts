import type { Problem } from '../../src/model/problem.ts';

/** A finding on one line, for tables: `error FW0101 spec.hosts[0]: expected …`. */
export function problemLine({
  severity,
  code,
  path,
  message,
}: Pick<Problem, 'severity' | 'code' | 'path' | 'message'>): string {
  return `${severity} ${code}${path === '' ? '' : ` ${path}`}: ${message}`;
}
