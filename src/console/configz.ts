/** /debug/configz: the rules in force, as Kubernetes objects; what is wrong with others is at /debug/problems. */
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';

export function configzPage({ configs }: ConsoleData): Answer {
  return () =>
    json(
      [...configs()]
        .map(({ apiVersion, kind, namespace, name, labels, annotations, createdAt, stated, status, origin }) => ({
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
          spec: stated,
          ...(status === undefined ? {} : { status }),
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
