/** The JSON of lists and watches: pages, events, and what they say of versions. */

import { ConnectionError } from '../lib/http-client.ts';
import { isRecord } from '../lib/schema.ts';
import { statusError } from './errors.ts';

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch */
export interface WatchEvent {
  readonly type: EventType;
  readonly value: unknown;
}

const eventTypes = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'] as const;
type EventType = (typeof eventTypes)[number];

/** Throws ConnectionError when the line is none, and ApiError when it is the server's last word on this watch. */
export function parseEvent(line: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw noEvent(line);
  }
  const { type, object } = isRecord(event) ? event : {};
  if (type === 'ERROR') throw statusError(object, 500);
  const known = eventTypes.find((one) => one === type);
  if (known === undefined) throw noEvent(line);
  return { type: known, value: object };
}

function noEvent(line: string): ConnectionError {
  return new ConnectionError(`expected an event in JSON, found ${JSON.stringify(line.slice(0, 80))}`);
}

/** A part of a list. */
export interface Page {
  readonly items: readonly unknown[];
  /** Of the whole list, the same on each page. */
  readonly version: string;
  /** What to ask for the next page with; undefined on the last one. */
  readonly next: string | undefined;
}

/** Throws ConnectionError when it is none. */
export function readPage(page: unknown, name: string): Page {
  const { items, metadata } = isRecord(page) ? page : {};
  const { resourceVersion, continue: next } = isRecord(metadata) ? metadata : {};
  const isList = Array.isArray(items) || items === undefined || items === null;
  if (typeof resourceVersion !== 'string' || !isList)
    throw new ConnectionError(`expected a list of ${name}, found something else`);
  const hasMore = typeof next === 'string' && next !== '';
  return { items: (items ?? []) as readonly unknown[], version: resourceVersion, next: hasMore ? next : undefined };
}

/** The version that an object, or a bookmark, states. */
export function versionOf(value: unknown): string | undefined {
  const metadata = isRecord(value) ? value.metadata : undefined;
  const version = isRecord(metadata) ? metadata.resourceVersion : undefined;
  return typeof version === 'string' ? version : undefined;
}
