/** From a pod that is about to be created to the patch by which it gets a sidecar. */
import { inject } from '../inject/inject.ts';
import { jsonPatch } from '../inject/json-patch.ts';
import { asPod } from '../inject/pod.ts';
import type { InjectionSettings } from '../inject/settings.ts';
import { workloadOf } from '../inject/workload.ts';
import { type Finding, hasError } from '../model/decode.ts';
import { type Problem, placeOf } from '../model/problem.ts';
import { answerOf } from './answer.ts';
import { deepestObject, type Review, readReview } from './review.ts';

export interface InjectionAnswer {
  readonly status: 200 | 400;
  /** An AdmissionReview in JSON, or one line about what is wrong with the request. */
  readonly body: string;
  readonly outcome?: InjectionOutcome;
}

export type InjectionOutcome = 'injected' | 'skipped' | 'failed';

export function answerInjection(body: Uint8Array, settings: InjectionSettings): InjectionAnswer {
  const review = readReview(body);
  if (typeof review === 'string') return { status: 400, body: `${review}\n` };
  const { findings, patch } = patchOf(review, settings);
  const problems = findings.map((finding): Problem => ({ ...finding, ...placeOf(review, undefined) }));
  const verdict = {
    isJudged: true,
    errors: problems.filter(({ severity }) => severity === 'error'),
    warnings: problems.filter(({ severity }) => severity !== 'error'),
    oldErrors: [],
  };
  const outcome = hasError(findings) ? 'failed' : patch === undefined ? 'skipped' : 'injected';
  return { status: 200, body: JSON.stringify(answerOf(review.uid, verdict, patch)), outcome };
}

interface Patched {
  readonly findings: readonly Finding[];
  readonly patch?: readonly object[];
}

function patchOf(review: Review, settings: InjectionSettings): Patched {
  const { kind, group, operation, subResource, object, namespace } = review;
  const isNew = kind === 'Pod' && group === '' && operation === 'CREATE' && subResource === '';
  if (!isNew || object === undefined) return { findings: [] };
  if (object.isTooDeep) {
    const message = `expected an object of at most ${deepestObject} levels, found a deeper one`;
    return { findings: [{ code: 'FW0013', severity: 'error', path: '', message }] };
  }
  const findings: Finding[] = [];
  const pod = asPod(object.value, [], findings);
  if (pod === undefined) return { findings };
  const injection = inject({ pod, namespace: { name: namespace }, workload: workloadOf(pod), settings });
  const { refusal } = injection;
  // Whoever has not asked for a sidecar is not told that there is none.
  if (refusal !== undefined) {
    const { isAsked, isDone, path, message } = refusal;
    return { findings: isAsked && !isDone ? [{ code: 'FW3201', severity: 'warning', path, message }] : [] };
  }
  if (injection.pod === undefined) return { findings: injection.findings };
  return { findings: injection.findings, patch: jsonPatch(pod, injection.pod) };
}
