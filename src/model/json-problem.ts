import { codes } from './codes.ts';
import type { Problem } from './problem.ts';

/** A problem as programs read it; docs/validation.md describes it. Fields are there always, absent values are null. */
export function jsonProblem({
  severity,
  code,
  message,
  path,
  object,
  file,
  line,
  related = [],
  hint,
}: Problem): object {
  return {
    severity,
    code,
    title: codes[code],
    message,
    object: object === undefined ? null : pick(object),
    path,
    file: file ?? null,
    line: line ?? null,
    related: related.map((other) => ({
      object: pick(other.object),
      file: other.file ?? null,
      line: other.line ?? null,
      reason: other.reason,
    })),
    hint: hint ?? null,
  };
}

function pick({ kind, namespace, name }: NonNullable<Problem['object']>): object {
  return { kind, namespace, name };
}
