/** The validating webhook: HTTPS for API servers, one path, and bounds on everything that a client may do. */
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { BodyError, BodyReader } from '../https/body.ts';
import { followPair } from '../https/follow-pair.ts';
import { type HttpServer, httpLimits, httpServer, type Reply, sendReply, usualPatienceMs } from '../lib/http.ts';
import type { Log } from '../lib/log.ts';
import type { Outcome } from './judge.ts';
import { webhookPath } from './path.ts';
import { JudgeThread } from './thread.ts';
import type { MeshConfigPlace } from './verdict.ts';

export interface WebhookOptions {
  /** PEM files, watched. */
  readonly certPath: string;
  readonly keyPath: string;
  readonly meshConfig: MeshConfigPlace;
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
  const { certPath, keyPath, meshConfig, log, events, patienceMs = usualPatienceMs } = options;
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
    const refusal = refusalOf(request);
    if (refusal !== undefined) return refusal;
    const found = await bodies.read(request, (body) => thread.judge(body, signal));
    if ('reason' in found) return text(`no verdict: ${found.reason}`, 503);
    if (found.outcome !== undefined) events.judged(found.outcome);
    const contentType = found.status === 200 ? 'application/json' : plain;
    return { status: found.status, contentType, body: found.body };
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
function refusalOf({ url = '', method, headers }: IncomingMessage): Reply | undefined {
  const path = url.replace(/\?.*$/s, '');
  if (path !== webhookPath) return text(`expected the path ${webhookPath}`, 404);
  if (method !== 'POST') return { ...text(`expected POST, found ${method}`, 405), headers: { allow: 'POST' } };
  const type = headers['content-type'] ?? '';
  return /^application\/json\s*(;|$)/i.test(type) ? undefined : text('expected a body of application/json', 415);
}
