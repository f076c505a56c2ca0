/** The webhook: HTTPS for API servers, a path for rules and one for pods, and bounds on everything that a client may do. */
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { BodyError, BodyReader } from '../https/body.ts';
import { followPair } from '../https/follow-pair.ts';
import type { InjectionSettings } from '../inject/settings.ts';
import { type HttpServer, httpLimits, httpServer, type Reply, sendReply, usualPatienceMs } from '../lib/http.ts';
import type { Log } from '../lib/log.ts';
import { answerInjection, type InjectionOutcome } from './inject.ts';
import type { Outcome } from './judge.ts';
import { injectPath, webhookPath } from './path.ts';
import { JudgeThread } from './thread.ts';
import type { MeshConfigPlace } from './verdict.ts';

export interface WebhookOptions {
  /** PEM files, watched. */
  readonly certPath: string;
  readonly keyPath: string;
  readonly meshConfig: MeshConfigPlace;
  /** How pods are injected; undefined until that is known. None are when it is absent. */
  readonly injection?: () => InjectionSettings | undefined;
  readonly log: Log;
  readonly events: WebhookEvents;
  /** How long a client may take to say what it asks, in milliseconds. */
  readonly patienceMs?: number;
}

export interface WebhookEvents {
  /** A request has been answered, `ms` after its head was read. */
  answered(status: number, ms: number): void;
  /** An object has been judged. */
  judged(outcome: Outcome): void;
  /** A pod has been asked about. */
  injected(outcome: InjectionOutcome): void;
  /** The certificate that is presented from now on expires then, in milliseconds since the epoch. */
  presents(expiresMs: number): void;
}

/** An API server keeps a few connections; whoever opens more is up to something. */
const mostConnections = 128;
/** Longer than the 90 s after which an API server closes what it does not use: whoever closes first must not be us. */
const keepAliveMs = 100_000;
/** A connection of an API server lives long, but not for ever: replicas share the work after a while. */
const mostRequests = 1000;

export function createWebhook(options: WebhookOptions): HttpServer {
  const { certPath, keyPath, meshConfig, injection, log, events, patienceMs = usualPatienceMs } = options;
  const thread = new JudgeThread({ meshConfig, log });
  const bodies = new BodyReader();
  const server = createServer(
    {
      ...httpLimits(patienceMs),
      handshakeTimeout: patienceMs,
      keepAliveTimeout: keepAliveMs,
      minVersion: 'TLSv1.2',
    },
    (request, response) => {
      const startMs = performance.now();
      const left = new AbortController();
      response.on('close', () => left.abort());
      answer(request, left.signal)
        .catch((error: unknown): Reply => {
          if (!(error instanceof BodyError)) log.error('the webhook failed', { error });
          return error instanceof BodyError ? error.reply : text('internal error; the log says more', 500);
        })
        .then((reply) => {
          events.answered(reply.status, performance.now() - startMs);
          if (!left.signal.aborted) sendReply(request, response, reply);
        });
    },
  );
  server.maxConnections = mostConnections;
  server.maxRequestsPerSocket = mostRequests;
  server.on('tlsClientError', (error) => log.debug('no TLS with a client of the webhook', { error }));

  async function answer(request: IncomingMessage, signal: AbortSignal): Promise<Reply> {
    const paths = injection === undefined ? [webhookPath] : [webhookPath, injectPath];
    const refusal = refusalOf(request, paths);
    if (refusal !== undefined) return refusal;
    if (injection !== undefined && pathOf(request) === injectPath)
      return bodies.read(request, async (body) => injectedReply(body, injection()));
    const found = await bodies.read(request, (body) => thread.judge(body, signal));
    if ('reason' in found) return text(`no verdict: ${found.reason}`, 503);
    if (found.outcome !== undefined) events.judged(found.outcome);
    const contentType = found.status === 200 ? 'application/json' : plain;
    return { status: found.status, contentType, body: found.body };
  }

  /** Done at once: it takes a millisecond, and no longer for any pod that an API server would take. */
  function injectedReply(body: Uint8Array, settings: InjectionSettings | undefined): Reply {
    if (settings === undefined) return text('no sidecar yet: the configuration of the mesh is not known', 503);
    const found = answerInjection(body, settings);
    if (found.outcome !== undefined) events.injected(found.outcome);
    return { status: found.status, contentType: found.status === 200 ? 'application/json' : plain, body: found.body };
  }

  const stop = new AbortController();
  followPair(
    {
      server: 'webhook',
      certPath,
      keyPath,
      log,
      take({ certificate, key, expiresMs }) {
        // Connections that are there keep theirs.
        server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
        events.presents(expiresMs);
      },
    },
    stop.signal,
  );
  const { listen, close } = httpServer(server, log);
  return {
    listen,
    async close() {
      stop.abort();
      await Promise.all([close(), thread.close()]);
    },
  };
}

const plain = 'text/plain; charset=utf-8';

function text(line: string, status: number): Reply {
  return { status, contentType: plain, body: `${line}\n` };
}

/** What is wrong with a request before its body. */
function refusalOf(request: IncomingMessage, paths: readonly string[]): Reply | undefined {
  const { method, headers } = request;
  if (!paths.includes(pathOf(request))) return text(`expected the path ${paths.join(' or ')}`, 404);
  if (method !== 'POST') return { ...text(`expected POST, found ${method}`, 405), headers: { allow: 'POST' } };
  const type = headers['content-type'] ?? '';
  return /^application\/json\s*(;|$)/i.test(type) ? undefined : text('expected a body of application/json', 415);
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/\?.*$/s, '');
}
