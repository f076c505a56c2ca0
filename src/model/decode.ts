/** Schemas over objects: what is wrong with an object, as problems with their places. */
import { formatPath, type Schema, type SchemaProblem } from '../lib/schema.ts';
import type { Code } from './codes.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { type Problem, placeOf, type Severity } from './problem.ts';

/** Something wrong at a place within an object. */
export interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  readonly path: string;
  readonly message: string;
}

const codeOf: { readonly [kind in SchemaProblem['kind']]: Code } = {
  'unknown-field': 'FW0003',
  'wrong-type': 'FW0004',
  'wrong-value': 'FW0005',
  'missing-field': 'FW0006',
  'exclusive-fields': 'FW0007',
  'not-executed': 'FW0009',
};

/** Runs a schema over a value; each of its reports becomes one of the findings. */
export function decodeWith<T>(
  schema: Schema<T>,
  value: unknown,
  path: readonly string[],
  findings: Finding[],
): T | undefined {
  return schema.decode(value, path, ({ kind, path: at, message }) =>
    findings.push({
      code: codeOf[kind],
      severity: kind === 'not-executed' ? 'warning' : 'error',
      path: formatPath(at),
      message,
    }),
  );
}

/**
 * Findings in an object as they count where it comes from. A field that we do not know is a slip in a file; an API server
 * has checked its objects by a definition of its own, which may be newer than ours: the rest of the object is used.
 */
export function asServed(
  findings: readonly Finding[],
  { origin }: Pick<KubernetesObject, 'origin'>,
): readonly Finding[] {
  if (origin.file !== undefined) return findings;
  return findings.map((finding) => (finding.code === 'FW0003' ? { ...finding, severity: 'warning' } : finding));
}

export function hasError(findings: readonly { readonly severity: Severity }[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

/** A finding with the object and the line it is about. */
export function locate(finding: Finding, { origin, lineOf }: Pick<KubernetesObject, 'origin' | 'lineOf'>): Problem {
  return { ...finding, ...placeOf(origin, lineOf?.(finding.path) ?? origin.line) };
}

/** Nobody reads more of one object; a list of a million unknown fields must not fill the memory. */
const mostFindings = 100;

/** All findings of an object; of very many the first ones, and a last one that says so. */
export function locateAll(
  findings: readonly Finding[],
  object: Pick<KubernetesObject, 'origin' | 'lineOf'>,
): readonly Problem[] {
  const told = findings.length <= mostFindings ? findings : [...findings.slice(0, mostFindings), rest(findings)];
  return told.map((finding) => locate(finding, object));
}

function rest(findings: readonly Finding[]): Finding {
  const untold = findings.slice(mostFindings);
  return {
    code: 'FW0014',
    severity: hasError(untold) ? 'error' : 'warning',
    path: '',
    message: `expected an object with less to say about it, found ${untold.length} problems more than the ${mostFindings} that are shown`,
  };
}
