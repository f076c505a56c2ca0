/** Whether an object may be stored: the same checks as those of `fairway validate`. */
import { decodeConfig } from '../config/decode.ts';
import { istioKind } from '../config/kinds.ts';
import { equal } from '../lib/equal.ts';
import { isRecord } from '../lib/schema.ts';
import { textsIn } from '../lib/texts.ts';
import { readMeshConfigObject } from '../mesh-config-object.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { formatProblem, type Problem, placeOf } from '../model/problem.ts';
import { deepestObject, type Review, type ReviewedValue } from './review.ts';

export interface Verdict {
  /** Objects of kinds that are not ours, and what is not about an object's content, are passed without a look. */
  readonly isJudged: boolean;
  /** Why the object is refused; none means that it is allowed. */
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Errors that the object had before, in what this change leaves as it is: nobody is kept from changing the rest. */
  readonly oldErrors: readonly Problem[];
}

/** Which ConfigMap holds the MeshConfig. */
export interface MeshConfigPlace {
  readonly namespace: string;
  readonly name: string;
}

const passed: Verdict = { isJudged: false, errors: [], warnings: [], oldErrors: [] };

export function verdictOf(review: Review, meshConfig: MeshConfigPlace): Verdict {
  const { operation, subResource, object, oldObject } = review;
  const judgement = judgementOf(review, meshConfig);
  const isAboutContent = (operation === 'CREATE' || operation === 'UPDATE') && subResource === '';
  if (judgement === undefined || object === undefined || !isAboutContent) return passed;
  const found = problemsOf(review, object, judgement);
  const errors = found.filter(({ severity }) => severity === 'error');
  const warnings = found.filter(({ severity }) => severity === 'warning');
  const known =
    errors.length > 0 && oldObject !== undefined && equal(judgement.statedIn(object), judgement.statedIn(oldObject))
      ? new Set(problemsOf(review, oldObject, judgement).map(formatProblem))
      : new Set<string>();
  return {
    isJudged: true,
    errors: errors.filter((problem) => !known.has(formatProblem(problem))),
    warnings,
    oldErrors: errors.filter((problem) => known.has(formatProblem(problem))),
  };
}

/** The refusal of an object that could not be judged within the bounds of time and memory. */
export function tooCostly(review: ReviewedName, bound: string): Verdict {
  const message = `expected an object that can be checked within ${bound}, found one that cannot`;
  return { ...passed, isJudged: true, errors: [refusalOf(review, message)] };
}

export type ReviewedName = Pick<Review, 'kind' | 'namespace' | 'name'>;

/** How objects of a kind are judged, and the part of them that it is about. */
interface Judgement {
  readonly problemsOf: (object: KubernetesObject) => readonly Problem[];
  readonly statedIn: (object: ReviewedValue) => unknown;
}

function judgementOf(review: Review, meshConfig: MeshConfigPlace): Judgement | undefined {
  const kind = istioKind(review);
  if (kind !== undefined)
    return {
      problemsOf: (object) => decodeConfig(kind, object).problems,
      statedIn: ({ value }) => value.spec,
    };
  const { group, namespace, name } = review;
  const isMeshConfig =
    group === '' && review.kind === 'ConfigMap' && namespace === meshConfig.namespace && name === meshConfig.name;
  return isMeshConfig
    ? {
        problemsOf: (object) => readMeshConfigObject(object).problems,
        statedIn: ({ value: { data } }) => (isRecord(data) ? [data.mesh, data.meshNetworks] : undefined),
      }
    : undefined;
}

function problemsOf(review: Review, object: ReviewedValue, { problemsOf }: Judgement): readonly Problem[] {
  if (object.isTooDeep)
    return [refusalOf(review, `expected an object of at most ${deepestObject} levels, found a deeper one`)];
  return problemsOf(objectOf(review, object));
}

function refusalOf(review: ReviewedName, message: string): Problem {
  return { code: 'FW0013', severity: 'error', path: '', message, ...placeOf(review, undefined) };
}

function objectOf({ group, version, kind, namespace, name }: Review, { value }: ReviewedValue): KubernetesObject {
  const { labels, annotations } = isRecord(value.metadata) ? value.metadata : {};
  return {
    group,
    version,
    kind,
    namespace,
    name,
    createdAt: 0,
    labels: textsIn(labels),
    annotations: textsIn(annotations),
    value,
    origin: { kind, namespace, name },
  };
}
