/** From the body of a request to what is sent back, all of it computing: how long it takes is somebody else's care. */
import { customResources } from '../config/custom-resources.ts';
import { answerOf } from './answer.ts';
import { type Review, readReview } from './review.ts';
import { type MeshConfigPlace, type ReviewedName, tooCostly, type Verdict, verdictOf } from './verdict.ts';

export interface Answer {
  readonly status: 200 | 400;
  /** An AdmissionReview in JSON, or one line about what is wrong with the request. */
  readonly body: string;
  /** Of what was not judged there is nothing to count. */
  readonly outcome?: Outcome;
}

/** What is counted, under names of a bounded number: nobody can make up others. */
export interface Outcome extends Resource {
  readonly isPassed: boolean;
}

export interface Resource {
  readonly group: string;
  readonly version: string;
  /** `virtualservices` */
  readonly resource: string;
}

/** A review that has been read, before it is judged: enough to refuse it. */
export interface Identified extends ReviewedName {
  readonly uid: string;
  readonly counted: Resource;
}

/** Tells who is asked about before it looks at the content, which may cost too much. */
export function judge(body: Uint8Array, meshConfig: MeshConfigPlace, identify: (review: Identified) => void): Answer {
  const review = readReview(body);
  if (typeof review === 'string') return { status: 400, body: `${review}\n` };
  const { uid, kind, namespace, name } = review;
  const identified = { uid, kind, namespace, name, counted: resourceOf(review) };
  identify(identified);
  return answer(identified, verdictOf(review, meshConfig));
}

/** The refusal of a review that could not be judged to its end. */
export function refuseCostly(review: Identified, bound: string): Answer {
  return answer(review, tooCostly(review, bound));
}

function answer({ uid, counted }: Identified, verdict: Verdict): Answer {
  const body = JSON.stringify(answerOf(uid, verdict));
  if (!verdict.isJudged) return { status: 200, body };
  return { status: 200, body, outcome: { ...counted, isPassed: verdict.errors.length === 0 } };
}

function resourceOf({ group, version, kind }: Pick<Review, 'group' | 'version' | 'kind'>): Resource {
  const known = customResources.find((one) => one.kind === kind && one.group === group);
  if (known === undefined) return { group: '', version: 'v1', resource: 'configmaps' };
  return { group, version: known.versions.includes(version) ? version : 'other', resource: known.plural };
}
