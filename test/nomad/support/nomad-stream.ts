/** `/v1/event/stream` on the wire: no length, no chunks, in pieces that end anywhere, until somebody closes. */
import type { Socket } from 'node:net';
import type { EventLine, NomadState } from './nomad-state.ts';

export interface StreamOptions {
  readonly query: URLSearchParams;
  readonly heartbeatMs: number;
  /** Whether events of a namespace may be read; asked again for each line, as tokens can be withdrawn. */
  mayRead(namespace: string): boolean;
}

const head = [
  'HTTP/1.1 200 OK\r\n',
  'Connection: close\r\n',
  'Cache-Control: ',
  'no-cache\r\nContent-Type',
  ': application/json\r\n',
  'Vary: Accept-Encoding\r\n',
  '\r\n',
];

/** What is wrong with a request for events; undefined when nothing is. */
export function streamFault(query: URLSearchParams): string | undefined {
  const index = query.get('index') ?? '';
  if (index !== '' && !/^-?\d+$/.test(index))
    return `Unable to parse index: strconv.Atoi: parsing "${index}": invalid syntax`;
  const bad = query.getAll('topic').find((topic) => topic.split(':').length > 2);
  if (bad === undefined) return undefined;
  return `Invalid topic query: error parsing topics: Invalid key value pair for topic, topic: ${bad}`;
}

/**
 * Serves events on a socket that is the stream's alone from now on. Events from before are replayed from the index on, however
 * long they are over; without an index all that are still kept. Who is denied gets the head, and then silence.
 */
export function serveStream(socket: Socket, state: NomadState, options: StreamOptions): void {
  const namespace = options.query.get('namespace') ?? 'default';
  const write = inPieces(socket);
  for (const piece of head) write(piece);
  if (!options.mayRead(namespace)) return;
  write('{}\n');
  const take = (line: EventLine) => {
    const Events = line.Events.filter((event) => isAsked(event, namespace, options.query.getAll('topic')));
    if (Events.length > 0 && options.mayRead(namespace)) write(`${JSON.stringify({ Events, Index: line.Index })}\n`);
  };
  const from = Number(options.query.get('index') ?? 0);
  for (const line of state.events) if (line.Index >= from) take(line);
  const stop = state.stream(take);
  const timer = setInterval(() => write('{}\n'), options.heartbeatMs);
  socket.on('close', () => {
    stop();
    clearInterval(timer);
  });
}

/** A key is that of the event, or one of those it can be filtered by: a job's name finds all services of the job. */
function isAsked(event: EventLine['Events'][number], namespace: string, topics: readonly string[]): boolean {
  const { Topic, Key, Namespace, FilterKeys } = event;
  if (namespace !== '*' && Namespace !== namespace) return false;
  return topics.some((asked) => {
    const [topic, key = '*'] = asked.split(':');
    return (topic === Topic || topic === '*') && (key === '*' || [Key, ...FilterKeys].includes(key));
  });
}

/** Writes one piece a turn of the event loop, and longer texts in several. */
function inPieces(socket: Socket): (text: string) => void {
  const pieces: string[] = [];
  socket.setNoDelay(true);
  const next = () => {
    const piece = pieces.shift();
    if (piece === undefined || socket.destroyed) return;
    socket.write(piece);
    if (pieces.length > 0) setImmediate(next);
  };
  return (text) => {
    const cuts = [0, 1, 8, 31, 150, text.length].filter((at, i, all) => at <= text.length && at !== all[i + 1]);
    if (pieces.length === 0) setImmediate(next);
    pieces.push(...cuts.slice(1).map((at, i) => text.slice(cuts[i], at)));
  };
}
