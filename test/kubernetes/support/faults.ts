/** What can go wrong between a control plane and an apiserver, as answers and lines of a fault proxy. */
import type { ServerResponse } from 'node:http';
import type { Fault } from './fault-proxy.ts';

type Answer = NonNullable<Fault['answer']>;

/** A Status of Kubernetes, as the apiserver answers what goes wrong. */
export function statusOf(code: number, reason: string, message: string): string {
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code });
}

export function answers(
  code: number,
  body: string,
  headers: { readonly [name: string]: string } = { 'content-type': 'application/json' },
): Answer {
  return (response) => response.writeHead(code, headers).end(body);
}

export const fails = (code: number, reason: string, message = `${reason}, says the test`): Answer =>
  answers(code, statusOf(code, reason, message));

/** Says to come back after some seconds. */
export const refusesFor = (seconds: number): Answer =>
  answers(429, statusOf(429, 'TooManyRequests', 'too many requests'), {
    'content-type': 'application/json',
    'retry-after': String(seconds),
  });

/** What load balancers say when nobody is behind them, with a status that is theirs to choose. */
export const html = (code: number): Answer =>
  answers(code, '<html><body>no backend</body></html>', { 'content-type': 'text/html' });

/** Ends the connection instead of answering. */
export const hangsUp: Answer = (response) => response.destroy();

/** Promises more than comes before the connection ends. */
export const breaksOff: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '4000' });
  response.write('{"items":[', () => response.destroy());
};

/** Takes the request and never answers. */
export const isSilent: Answer = () => {};

/** A stream that has begun and says nothing, while the connection stays. */
export const opensAndSaysNothing: Answer = (response) => {
  opened(response);
};

/** A stream that is over before it has said anything. */
export const endsAtOnce: Answer = (response) => {
  opened(response).end();
};

/** A stream with these lines, which then ends in order. */
export const says =
  (...lines: readonly string[]): Answer =>
  (response) => {
    opened(response).end(lines.map((line) => `${line}\n`).join(''));
  };

/** One line that never ends, a piece every few milliseconds. */
export const drips: Answer = (response) => {
  opened(response).write('{"type":"ADDED","object":{"pad":"');
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
};

function opened(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  return response;
}

/** An event as a watch tells it. */
export const eventOf = (type: string, object: unknown): string => JSON.stringify({ type, object });

/** What a watch says when its version is too old. */
export const expired: string = eventOf('ERROR', JSON.parse(statusOf(410, 'Expired', 'too old resource version')));

/** From what a line tells to what is told instead. */
export function bent(
  bend: (event: { readonly type: string; readonly object: WatchedObject }) => unknown,
): NonNullable<Fault['line']> {
  return (line) => [`${JSON.stringify(bend(JSON.parse(line)))}\n`];
}

export interface WatchedObject {
  readonly [field: string]: unknown;
  readonly metadata: { readonly [field: string]: unknown; readonly name: string; readonly resourceVersion: string };
}

/** The same for the items of a list. */
export function bentItems(bend: (items: readonly WatchedObject[]) => readonly unknown[]): NonNullable<Fault['body']> {
  return (body) => {
    const list = JSON.parse(body);
    return JSON.stringify({ ...list, items: bend(list.items ?? []) });
  };
}
