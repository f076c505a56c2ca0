/** What is to be said of an object: whether it is accepted, and what comes of it. */
import { kinds } from '../config/kinds.ts';
import type { Problem } from '../model/problem.ts';
import type { ClusterObject } from './cluster-objects.ts';
import type { Statement } from './condition.ts';
import type { Effect, Extent } from './effect.ts';

export interface Judged {
  readonly object: Pick<ClusterObject, 'kind' | 'uid' | 'generation'>;
  /** What is wrong with the object by itself. */
  readonly problems: readonly Problem[];
  readonly effect: Effect | undefined;
}

/** So many problems are told in one message. */
const mostLines = 10;

/**
 * Undefined while nothing can be said: the object has not come into force yet, or this control plane does not look at its
 * namespace.
 */
export function statementsOf({ object, problems, effect }: Judged): readonly Statement[] | undefined {
  const file = effect?.origin.file ?? problems.find((problem) => problem.file !== undefined)?.file;
  if (file !== undefined) return overlaid(file);
  const isOwn = effect?.origin.uid === object.uid;
  const error = problems.find(({ severity }) => severity === 'error');
  if (error !== undefined) {
    const left = isOwn ? `generation ${effect.origin.generation} of it stays in force` : 'nothing of it is in force';
    return [
      { type: 'Accepted', status: 'False', reason: error.code, message: messageOf(problems.map(lineOf)) },
      { type: 'Effective', status: 'Unknown', reason: 'NotAccepted', message: `not accepted: ${left}` },
    ];
  }
  const lines = problems.map(lineOf);
  const accepted: Statement = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: lines.length === 0 ? 'nothing is wrong with it by itself' : messageOf(lines),
  };
  if (kinds[object.kind].status === 'pending') {
    // Such objects have no rows; that they are seen is known from what is always said of them.
    const message = `this version does not execute a ${object.kind}`;
    return lines.length === 0
      ? undefined
      : [accepted, { type: 'Effective', status: 'False', reason: 'NotExecuted', message }];
  }
  if (!isOwn || effect.origin.generation !== object.generation) return undefined;
  return [accepted, { type: 'Effective', ...effective[effect.extent], message: messageOf(effect.lines) || 'in force' }];
}

const effective: { readonly [extent in Extent]: Pick<Statement, 'status' | 'reason'> } = {
  all: { status: 'True', reason: 'InForce' },
  part: { status: 'False', reason: 'PartlyShadowed' },
  shadowed: { status: 'False', reason: 'Shadowed' },
  unused: { status: 'False', reason: 'Unused' },
};

function overlaid(file: string): readonly Statement[] {
  const message = `the object of this name in ${file} takes its place`;
  return [
    { type: 'Accepted', status: 'Unknown', reason: 'Overlaid', message },
    { type: 'Effective', status: 'False', reason: 'Overlaid', message },
  ];
}

function lineOf({ code, path, message }: Problem): string {
  return `${path === '' ? '' : `${path}: `}${message} [${code}]`;
}

function messageOf(lines: readonly string[]): string {
  const more = lines.length - mostLines;
  return [...lines.slice(0, mostLines), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
