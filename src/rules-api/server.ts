/** The API for rules where there is no Kubernetes: PUT, GET and DELETE of one object, on a listener of its own. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { BodyError, BodyReader } from '../https/body.ts';
import { followPair } from '../https/follow-pair.ts';
import { BoundedThread, moduleBeside } from '../lib/bounded-thread.ts';
import { type HttpServer, httpLimits, httpServer, type Reply, sendReply, usualPatienceMs } from '../lib/http.ts';
import type { Log } from '../lib/log.ts';
import { objectKey } from '../model/kubernetes-object.ts';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import type { Judgement, Question, Stated } from './judge.ts';
import { apiFile } from './kept-object.ts';
import type { Changed, Condition, ObjectStore } from './object-store.ts';
import { isObjectPlace, type ObjectPlace, type Place, placeOfPath } from './place.ts';
import { done, type Format, formatFor, listed, refusal, shown } from './replies.ts';
import { TokenFile } from './token-file.ts';

export interface RulesApiOptions {
  readonly store: ObjectStore;
  /** A file with a token on each line, watched. */
  readonly tokenPath: string;
  /** PEM files, watched; plaintext without them. */
  readonly tls?: { readonly certPath: string; readonly keyPath: string };
  readonly log: Log;
  /** Where the versions of an object stand, from below, as far as others than the API's are remembered. */
  readonly originsOf: (key: string) => readonly Origin[];
  /** How long a client may take to say what it wants, in milliseconds. */
  readonly patienceMs?: number;
  /** How long one object may take to judge, in milliseconds: accepted, it takes as long again where proxies are served. */
  readonly budgetMs?: number;
}

const mostConnections = 64;
/** A connection on which nothing moves is cut off, in milliseconds: longer than objects wait to be judged. */
const idleMs = 120_000;
/** While an object is judged, in MiB: one of 3 MiB of YAML takes some fifty times as much. */
const heapMb = 256;

export function createRulesApi(options: RulesApiOptions): HttpServer {
  const { tokenPath, tls, log, patienceMs = usualPatienceMs } = options;
  const tokens = new TokenFile(tokenPath, log);
  const requests = new Requests(options);
  const handle: RequestListener = (request, response) => {
    const left = new AbortController();
    response.on('close', () => left.abort());
    const format = formatFor(request.headers.accept);
    const answer = tokens.accepts(request.headers.authorization)
      ? requests.answer(request, format, left.signal)
      : Promise.resolve(unauthorized(format));
    answer
      .catch((error: unknown): Reply => {
        if (error instanceof BodyError) return error.reply;
        log.error('the API failed', { error });
        return refusal(format, 500, 'internal error; the log says more');
      })
      .then((reply) => {
        if (!left.signal.aborted) sendReply(request, response, reply);
      });
  };
  const limits = httpLimits(patienceMs);
  const server =
    tls === undefined
      ? createServer(limits, handle)
      : createSecureServer({ ...limits, handshakeTimeout: patienceMs, minVersion: 'TLSv1.2' }, handle);
  server.maxConnections = mostConnections;
  server.setTimeout(idleMs);
  const stop = new AbortController();
  if (tls !== undefined && 'setSecureContext' in server) {
    server.on('tlsClientError', (error) => log.debug('no TLS with a client of the API', { error }));
    const take = ({ certificate, key }: { readonly certificate: string; readonly key: string }) =>
      server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
    followPair({ server: 'API', ...tls, log, take }, stop.signal);
  }
  const { listen, close } = httpServer(server, log);
  return {
    listen,
    async close() {
      stop.abort();
      await Promise.all([close(), requests.close()]);
    },
  };
}

function unauthorized(format: Format): Reply {
  const reply = refusal(format, 401, 'expected a token of the token file in Authorization: Bearer, found none');
  return { ...reply, headers: { 'www-authenticate': 'Bearer realm="fairway"' } };
}

const bodyTypes = /^(application|text)\/(json|yaml|x-yaml)\s*(;|$)/i;

/** Requests of those who may ask. */
class Requests {
  readonly #options: RulesApiOptions;
  readonly #bodies = new BodyReader();
  readonly #judge: BoundedThread<Question, never, Judgement | string>;

  constructor(options: RulesApiOptions) {
    const { log, budgetMs = 1500 } = options;
    this.#options = options;
    const module = moduleBeside('judge-thread', import.meta.url);
    this.#judge = new BoundedThread({ module, questions: 'objects', log, budgetMs, heapMb });
  }

  close(): Promise<void> {
    return this.#judge.close();
  }

  async answer(request: IncomingMessage, format: Format, left: AbortSignal): Promise<Reply> {
    const { url = '', method = '' } = request;
    const place = placeOfPath(url.replace(/\?.*$/s, ''));
    if (typeof place === 'string') return refusal(format, 404, place);
    if (method === 'GET' || method === 'HEAD') return this.#show(place, format);
    if (!isObjectPlace(place)) return notAllowed(format, method, 'GET, HEAD');
    const condition = conditionOf(request);
    if (method === 'DELETE') return this.#delete(place, condition, format);
    if (method !== 'PUT') return notAllowed(format, method, 'GET, HEAD, PUT, DELETE');
    if (!bodyTypes.test(request.headers['content-type'] ?? ''))
      return refusal(format, 415, 'expected a body of application/json or application/yaml');
    return this.#bodies.read(request, (body) => this.#put({ place, body, condition, format, left }));
  }

  async #show(place: Place, format: Format): Promise<Reply> {
    const { store } = this.#options;
    if (!isObjectPlace(place)) return listed(await store.list(place), place);
    const object = await store.get(place);
    return object === undefined ? refusal(format, 404, this.#absent(place)) : shown(object, place);
  }

  async #put({ place, body, condition, format, left }: Put): Promise<Reply> {
    const { version, namespace, name, resource } = place;
    const { group, kind } = resource;
    const outcome = await this.#judge.ask({ body, group, version, kind, namespace, name }, left);
    if ('reason' in outcome) return refusal(format, 503, `not judged: ${outcome.reason}`);
    if ('exceeded' in outcome) return unusable(format, [tooCostly(place, outcome.exceeded)]);
    const judgement = outcome.answer;
    if (typeof judgement === 'string') return refusal(format, 400, judgement);
    const { stated, problems } = judgement;
    if (stated === undefined) return unusable(format, problems);
    const { store } = this.#options;
    return this.#told({ place, format, problems }, () => store.put(place, JSON.parse(stated) as Stated, condition));
  }

  #delete(place: ObjectPlace, condition: Condition, format: Format): Promise<Reply> {
    return this.#told({ place, format, problems: [] }, () => this.#options.store.remove(place, condition));
  }

  async #told({ place, format, problems }: Told, change: () => Promise<Changed>): Promise<Reply> {
    const { log } = this.#options;
    let changed: Changed;
    try {
      changed = await change();
    } catch (error) {
      log.error('an object cannot be kept; what was in force before is', { resource: nameOf(place), error });
      return refusal(format, 503, `expected a state folder that can be written to, found ${(error as Error).message}`);
    }
    if (changed === 'full') return refusal(format, 507, 'expected fewer or smaller objects: there is no room for more');
    if (changed === 'absent') return refusal(format, 404, this.#absent(place));
    if ('conflict' in changed) {
      const found = changed.conflict === undefined ? 'none' : changed.conflict.tag;
      return refusal(format, 412, `expected the version that the condition names, found ${found}`);
    }
    if (changed.change !== 'unchanged')
      log.info(`an object was ${changed.change} over HTTP`, { resource: nameOf(place) });
    return done(format, { ...changed, problems, other: this.#others(place).at(-1) });
  }

  #absent(place: ObjectPlace): string {
    const other = this.#others(place).at(-1);
    const stands = other === undefined ? '' : `; in force is one of another source, ${other.file ?? 'the cluster'}`;
    return `expected ${nameOf(place)} to have been put here, found none${stands}`;
  }

  /** Where versions of an object stand that did not come over HTTP, from below. */
  #others({ resource: { group, kind }, namespace, name }: ObjectPlace): readonly Origin[] {
    const all = this.#options.originsOf(objectKey({ group, kind, namespace, name }));
    return all.filter(({ file }) => file !== apiFile);
  }
}

interface Put {
  readonly place: ObjectPlace;
  readonly body: Uint8Array;
  readonly condition: Condition;
  readonly format: Format;
  readonly left: AbortSignal;
}

interface Told {
  readonly place: ObjectPlace;
  readonly format: Format;
  readonly problems: readonly Problem[];
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-13.1 */
function conditionOf({ headers }: IncomingMessage): Condition {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: ifMatch.split(',').map((tag) => tag.trim()) }),
    ifAbsent: ifNoneMatch?.trim() === '*',
  };
}

function notAllowed(format: Format, method: string, allow: string): Reply {
  return { ...refusal(format, 405, `expected one of ${allow}, found ${method}`), headers: { allow } };
}

function unusable(format: Format, problems: readonly Problem[]): Reply {
  return refusal(format, 422, 'expected an object without errors, found some; nothing has changed', problems);
}

function tooCostly(place: ObjectPlace, bound: string): Problem {
  const { namespace, name, resource } = place;
  const message = `expected an object that can be checked within ${bound}, found one that cannot`;
  const object = { kind: resource.kind, namespace, name };
  return { code: 'FW0013', severity: 'error', path: '', message, object };
}

function nameOf({ resource: { kind }, namespace, name }: ObjectPlace): string {
  return `${kind} ${namespace}/${name}`;
}
