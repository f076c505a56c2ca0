/** What an API server is told: the answer to an AdmissionReview, in words that kubectl prints. */
import { formatProblem, type Problem } from '../model/problem.ts';
import type { Verdict } from './verdict.ts';

/** Kubernetes asks for at most this many characters in a warning, and cuts all of them off at 4096 together. */
const longestWarning = 120;
const mostOfWarnings = 4096;
/** Of one problem; it may quote what the user wrote. */
const longestLine = 1000;
/** Nobody reads more at once. */
const mostLines = 20;

/** The whole AdmissionReview to send back, with a JSON patch of the object when there is one. */
export function answerOf(uid: string, verdict: Verdict, patch?: readonly object[]): object {
  const { errors } = verdict;
  const warnings = warningsOf(verdict);
  const response = {
    uid,
    allowed: errors.length === 0,
    ...(errors.length === 0
      ? {}
      : { status: { status: 'Failure', code: 422, reason: 'Invalid', message: refusalText(errors) } }),
    ...(patch === undefined
      ? {}
      : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}

/** A line for each problem, and the pages about their codes. */
function refusalText(errors: readonly Problem[]): string {
  const shown = errors.slice(0, mostLines);
  const pages = [...new Set(shown.map(({ code }) => `docs/errors/${code}.md`))];
  return [
    ...shown.map(lineOf),
    ...(errors.length > shown.length ? [`and ${errors.length - shown.length} problems more`] : []),
    `what to do: ${pages.join(', ')}`,
  ].join('\n');
}

function lineOf(problem: Problem): string {
  const text = formatProblem(problem);
  if (text.length <= longestLine) return text;
  const { code, message } = problem;
  const rest = text.length - message.length;
  return rest < longestLine / 2
    ? formatProblem({ ...problem, message: `${message.slice(0, longestLine - rest - 1)}…` })
    : `${text.slice(0, longestLine - code.length - 4)}… [${code}]`;
}

function warningsOf({ warnings, oldErrors }: Verdict): readonly string[] {
  const old = oldErrors.length === 0 ? [] : ['this was wrong before, and keeps the object from coming into force:'];
  const lines = [...warnings.map(lineOf), ...old, ...oldErrors.map(lineOf)].flatMap(folded);
  const told: string[] = [];
  let size = 0;
  for (const [i, line] of lines.entries()) {
    size += line.length;
    // The end has to fit, too.
    if (size > mostOfWarnings - longestWarning) return [...told, `and ${lines.length - i} lines more`];
    told.push(line);
  }
  return told;
}

/** Breaks a line where there is space, else anywhere; a warning has no line breaks. */
function folded(line: string): readonly string[] {
  const lines: string[] = [];
  let rest = line.replace(/\s+/g, ' ');
  while (rest.length > longestWarning) {
    const space = rest.lastIndexOf(' ', longestWarning);
    const end = space > longestWarning / 2 ? space : longestWarning;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
