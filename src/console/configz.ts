/** /debug/configz: the rules in force, as Kubernetes objects; what is wrong with others is at /debug/problems. */
import { formatProblem } from '../model/problem.ts';
import type { ConsoleData } from './data.ts';
import { json, type Page } from './http-server.ts';

export function configzPage({ configs }: ConsoleData): Page {
  return () =>
    json(
      [...configs()]
        .map(({ apiVersion, kind, namespace, name, labels, annotations, createdAt, spec, origin }) => ({
          kind,
          apiVersion,
          metadata: {
            name,
            namespace,
            labels,
            annotations,
            creationTimestamp: createdAt === 0 ? null : new Date(createdAt).toISOString(),
            ...(origin.uid === undefined ? {} : { uid: origin.uid }),
            ...(origin.generation === undefined ? {} : { generation: origin.generation }),
          },
          spec,
          ...(origin.file === undefined ? {} : { file: `${origin.file}:${origin.line ?? 1}` }),
        }))
        .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)),
    );
}

function sortKey({
  kind,
  metadata: { namespace, name },
}: {
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
}): string {
  return `${kind}/${namespace}/${name}`;
}

export function problemsPage({ problems }: ConsoleData): Page {
  return () => json(problems().map((problem) => ({ ...problem, text: formatProblem(problem) })));
}
