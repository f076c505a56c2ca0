/** /debug/problems: what is wrong with the objects of users, as of now. The form is ours. */
import { formatProblem } from '../model/problem.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';

/** A list of code, severity, message, path, object, file and line, with all of it as one text; by file and line. */
export function problemsPage({ problems }: ConsoleData): Answer {
  return () =>
    json(
      problems().map((problem) => {
        const { code, severity, message, path, object, file, line } = problem;
        const { kind = '', namespace = '', name = '' } = object ?? {};
        return {
          code,
          severity,
          message,
          path,
          object: object === undefined ? null : { kind, namespace, name },
          file: file ?? null,
          line: line ?? null,
          text: formatProblem(problem),
        };
      }),
    );
}
