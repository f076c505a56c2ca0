/** What commands print of problems: for people, for programs, and for the annotations of GitHub. */
import { styleText } from 'node:util';
import { type Code, codes } from '../model/codes.ts';
import { jsonProblem } from '../model/json-problem.ts';
import { formatProblem, formatRelated, type Problem, type Severity, severities } from '../model/problem.ts';

export type ReportFormat = 'text' | 'json' | 'github';
export const reportFormats: readonly ReportFormat[] = ['text', 'json', 'github'];

/** Problems in the order in which they are told, and what they were looked for in. */
export interface Report {
  readonly problems: readonly Problem[];
  readonly files: number;
  readonly objects: number;
}

/** Warnings fail too. */
export type Strictness = 'usual' | 'strict';

export function isGood({ problems }: Report, strictness: Strictness): boolean {
  return problems.every(({ severity }) => severity === 'info' || (severity === 'warning' && strictness === 'usual'));
}

const formats: { readonly [name in ReportFormat]: (report: Report) => string } = {
  text: textOf,
  json: jsonOf,
  github: githubOf,
};

export function formatReport(report: Report, format: ReportFormat): string {
  return formats[format](report);
}

function textOf(report: Report): string {
  return [...report.problems.map(problemText), summaryOf(report), ''].join('\n');
}

const colours = { error: 'red', warning: 'yellow', info: 'cyan' } as const;

/** An error as it is; of anything else the line says that it is none. Colours appear on a terminal only. */
export function problemText(problem: Problem): string {
  const { severity, message, related = [], hint } = problem;
  const told = severity === 'error' ? problem : { ...problem, message: `${severity}: ${message}` };
  return [
    styleText(colours[severity], formatProblem(told)),
    ...related.map((other) => `    ${formatRelated(other)}`),
    ...(hint === undefined ? [] : [`    hint: ${hint}`]),
  ].join('\n');
}

/** `2 errors, 1 warning in 7 objects of 3 files` */
function summaryOf({ problems, files, objects }: Report): string {
  const found = severities.flatMap((severity) => {
    const { length } = problems.filter((problem) => problem.severity === severity);
    return length === 0 ? [] : [count(length, severity === 'info' ? 'note' : severity)];
  });
  return `${found.length === 0 ? 'nothing wrong' : found.join(', ')} in ${count(objects, 'object')} of ${count(files, 'file')}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function jsonOf(report: Report): string {
  const { problems, files, objects } = report;
  const of = (severity: Severity) => problems.filter((problem) => problem.severity === severity).length;
  const summary = { files, objects, errors: of('error'), warnings: of('warning'), infos: of('info') };
  return `${JSON.stringify({ problems: problems.map(jsonProblem), summary }, undefined, 2)}\n`;
}

const annotations = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
function githubOf(report: Report): string {
  const lines = report.problems.map(({ severity, code, file, line, path, message, hint }) => {
    const place = [
      ...(file === undefined ? [] : [`file=${escaped(file)}`]),
      ...(line === undefined ? [] : [`line=${line}`]),
      `title=${escaped(titleOf(code))}`,
    ].join(',');
    const text = `${path === '' ? '' : `${path}: `}${message}${hint === undefined ? '' : `\nhint: ${hint}`}`;
    return `::${annotations[severity]} ${place}::${text.replace(/%/g, '%25').replace(/\n/g, '%0A')}`;
  });
  return [...lines, summaryOf(report), ''].join('\n');
}

function titleOf(code: Code): string {
  return `${code} ${codes[code]}`;
}

function escaped(text: string): string {
  const codePoints: { readonly [character: string]: string } = { '%': '%25', '\n': '%0A', ':': '%3A', ',': '%2C' };
  return text.replace(/[%\n:,]/g, (character) => codePoints[character] ?? character);
}
