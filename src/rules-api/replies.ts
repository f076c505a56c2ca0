/** What clients of the API are told: JSON, or lines of text for who asks for `text/plain`. */
import type { Reply } from '../lib/http.ts';
import { jsonProblem } from '../model/json-problem.ts';
import { describeOrigin, type Origin } from '../model/origin.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { type KeptObject, textOf } from './kept-object.ts';
import type { Change } from './object-store.ts';
import { type Place, pathOfPlace } from './place.ts';

export type Format = 'json' | 'text';

export function formatFor(accept = ''): Format {
  return /\btext\/plain\b/.test(accept) && !/\bjson\b/.test(accept) ? 'text' : 'json';
}

function reply(format: Format, status: number, value: object, lines: readonly string[]): Reply {
  if (format === 'text') return { status, contentType: 'text/plain; charset=utf-8', body: `${lines.join('\n')}\n` };
  return { status, contentType: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

/** A refusal in one line, with the problems that it comes from. */
export function refusal(format: Format, status: number, error: string, problems: readonly Problem[] = []): Reply {
  return reply(format, status, { error, ...told(problems) }, [error, ...problems.map(formatProblem)]);
}

function told(problems: readonly Problem[]): object {
  return { problems: problems.map(jsonProblem), text: problems.map(formatProblem).join('\n') };
}

export interface Done {
  readonly change: Change;
  readonly object: KeptObject;
  /** Warnings. */
  readonly problems: readonly Problem[];
  /** Where a version of another source stands: beneath one that was put, in force after one that was deleted. */
  readonly other: Origin | undefined;
}

/** What has become of an object, and what is in force now. */
export function done(format: Format, { change, object, problems, other }: Done): Reply {
  const { place, generation, tag } = object;
  const { resource, namespace, name } = place;
  const isThere = change !== 'deleted';
  const elsewhere = other === undefined ? null : describeOrigin(other);
  const value = {
    result: change,
    kind: resource.kind,
    namespace,
    name,
    ...(isThere ? { generation, hides: elsewhere } : { inForce: elsewhere }),
    ...told(problems),
  };
  const line = `${resource.kind} ${namespace}/${name} ${change}${isThere ? ` (generation ${generation})` : ''}`;
  const also = elsewhere === null ? [] : [isThere ? `it lies over ${elsewhere}` : `in force is now ${elsewhere}`];
  const made = reply(format, change === 'created' ? 201 : 200, value, [line, ...also, ...problems.map(formatProblem)]);
  return isThere ? { ...made, headers: { etag: tag, location: pathOfPlace(place) } } : made;
}

/** An object as it is kept, in the version that is asked for: all have one form. */
export function shown(object: KeptObject, { resource, version }: Place): Reply {
  const { stated, tag } = object;
  const apiVersion = `${resource.group}/${version}`;
  const body = textOf({ ...object, stated: { ...stated, apiVersion } });
  return { status: 200, contentType: 'application/json', body, headers: { etag: tag } };
}

export function listed(objects: readonly KeptObject[], { resource, version }: Place): Reply {
  const apiVersion = `${resource.group}/${version}`;
  const items = objects.map(({ text }) => ({ ...JSON.parse(text), apiVersion }));
  const body = `${JSON.stringify({ apiVersion, kind: `${resource.kind}List`, items }, null, 2)}\n`;
  return { status: 200, contentType: 'application/json', body };
}
