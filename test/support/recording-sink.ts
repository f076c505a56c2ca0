import { type KubernetesObject, objectKey } from '../../src/model/kubernetes-object.ts';
import type { ObjectSink } from '../../src/model/object-source.ts';
import { formatProblem, type Problem } from '../../src/model/problem.ts';
import type { Freshness } from '../../src/model/source.ts';

/** Takes what a source delivers, and tells what is in force. */
export interface RecordingSink extends ObjectSink {
  /** `Service shop/a`, or the value of an annotation of that name beside it: `Service shop/a 2`. Sorted. */
  objects(annotation?: string): readonly string[];
  /** All that is wrong now, as people read it. */
  current(): readonly string[];
  /** What has been applied since the last call: `+ Service shop/a`, `- Service shop/a`. */
  takeChanges(): readonly string[];
  readonly isSynced: boolean;
  readonly state: Freshness['state'];
}

export function recordingSink(): RecordingSink {
  const objects = new Map<string, KubernetesObject>();
  const problems = new Map<string, readonly Problem[]>();
  let changes: string[] = [];
  let isSynced = false;
  let state: Freshness['state'] = 'live';
  return {
    apply(all) {
      for (const change of all) {
        const { kind, namespace, name, object } = change;
        changes.push(`${object === undefined ? '-' : '+'} ${kind} ${namespace}/${name}`);
        if (object === undefined) objects.delete(objectKey(change));
        else objects.set(objectKey(change), object);
      }
    },
    synced() {
      isSynced = true;
    },
    problems: (part, found) => problems.set(part, found),
    freshness(freshness) {
      state = freshness.state;
    },
    objects: (annotation) =>
      [...objects.values()]
        .map(({ kind, namespace, name, annotations }) => {
          const extra = annotation === undefined ? undefined : annotations[annotation];
          return `${kind} ${namespace}/${name}${extra === undefined ? '' : ` ${extra}`}`;
        })
        .sort(),
    current: () => [...problems.values()].flat().map(formatProblem),
    takeChanges() {
      const taken = changes;
      changes = [];
      return taken;
    },
    get isSynced() {
      return isSynced;
    },
    get state() {
      return state;
    },
  };
}
