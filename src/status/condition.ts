/** Conditions in the status of an object: ours, and those of others, which are nobody's business but theirs. */
import { equal } from '../lib/equal.ts';
import { isRecord } from '../lib/schema.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';

/** The conditions that we write. */
export type OwnType = 'Accepted' | 'Effective';

/** What is to be said in one of our conditions. */
export interface Statement {
  readonly type: OwnType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word, or the code of a problem. */
  readonly reason: string;
  readonly message: string;
}

/** A condition as Kubernetes and Istio write it. */
export interface Condition extends Statement {
  /** When the status changed last. */
  readonly lastTransitionTime: string;
  /** Which version of the object it is about. */
  readonly observedGeneration: number;
}

/** The items of `status.conditions`, as an API server holds them. */
export function conditionsOf(object: Pick<KubernetesObject, 'value'>): readonly unknown[] {
  const { status } = object.value;
  return isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
}

/** Conditions that other writers have. */
export function foreignConditions(conditions: readonly unknown[]): readonly unknown[] {
  return conditions.filter((condition) => !isOwn(condition));
}

/** The object as it was before we wrote to it, so that nobody sees a change when we do. */
export function withoutOwnConditions(object: KubernetesObject): KubernetesObject {
  const all = conditionsOf(object);
  if (!all.some(isOwn)) return object;
  const conditions = foreignConditions(all);
  const { status, ...value } = object.value;
  const { conditions: _, ...rest } = isRecord(status) ? status : {};
  const left = conditions.length > 0 ? { ...rest, conditions } : rest;
  return { ...object, value: equal(left, {}) ? value : { ...value, status: left } };
}

/** Whether the conditions say that already, of that generation. */
export function isInPlace(
  statements: readonly Statement[],
  conditions: readonly unknown[],
  generation: number,
): boolean {
  return statements.every(({ type, status, reason, message }) => {
    const found = ownCondition(conditions, type);
    // Some definitions have no place for the generation, and what they do not know is not kept.
    const isOfGeneration = found?.observedGeneration === undefined || Number(found.observedGeneration) === generation;
    return found?.status === status && found.reason === reason && found.message === message && isOfGeneration;
  });
}

/** Statements as conditions: their time stays as long as the status does. */
export function toConditions(
  statements: readonly Statement[],
  before: readonly unknown[],
  { generation, nowMs }: { readonly generation: number; readonly nowMs: number },
): readonly Condition[] {
  const now = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return statements.map((statement) => {
    const found = ownCondition(before, statement.type);
    const since = found?.status === statement.status ? found.lastTransitionTime : undefined;
    return {
      ...statement,
      lastTransitionTime: typeof since === 'string' ? since : now,
      observedGeneration: generation,
    };
  });
}

function ownCondition(
  conditions: readonly unknown[],
  type: OwnType,
): { readonly [field: string]: unknown } | undefined {
  return conditions.filter(isRecord).find((condition) => condition.type === type);
}

function isOwn(condition: unknown): boolean {
  return isRecord(condition) && (condition.type === 'Accepted' || condition.type === 'Effective');
}
