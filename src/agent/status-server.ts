/**
 * What the agent answers on its own port: whether the proxy is ready, metrics of the whole pod, probes of the application
 * in the kubelet's name; and, to its own pod alone, how to end.
 */

import type { IncomingMessage } from 'node:http';
import { type HttpServer, pageServer, type Reply } from '../lib/http.ts';
import type { Log } from '../lib/log.ts';
import type { ApplicationPlace } from './application-place.ts';
import type { Exposition } from './exposition.ts';
import { type Scraper, scraperOf } from './metrics.ts';
import { type Probe, type ProbeResult, runProbe } from './probes.ts';

export interface StatusPages {
  /** Undefined when the proxy is ready; else what it waits for. */
  readonly whyNotReady: () => Promise<string | undefined>;
  /** Of the whole pod. */
  readonly metrics: (scraper: Scraper) => Promise<Exposition>;
  /** By path. */
  readonly probes: ReadonlyMap<string, Probe>;
  /** Where the application listens. */
  readonly application: ApplicationPlace;
  /** Takes no more connections; resolves when those that there were have ended, or their time is over. */
  readonly drain: () => Promise<void>;
  /** Ends the process, after it has drained. */
  readonly quit: () => void;
}

export function statusServer(pages: StatusPages, log: Log): HttpServer {
  return pageServer((request) => answer(request, pages), log);
}

async function answer(request: IncomingMessage, pages: StatusPages): Promise<Reply> {
  const path = request.url?.split('?', 1)[0] ?? '/';
  const probe = pages.probes.get(path);
  if (probe !== undefined) return probed(await runProbe(probe, pages.application, userAgent(request)));
  switch (path) {
    case '/healthz/ready': {
      const reason = await pages.whyNotReady();
      return reason === undefined ? text('ready') : text(reason, 503);
    }
    case '/stats/prometheus':
    case '/metrics':
      return { status: 200, ...(await pages.metrics(scraperOf(request.headers))) };
    case '/drain':
    case '/quitquitquit':
      return ending(request, path, pages);
    default:
      return text('expected /healthz/ready, /stats/prometheus, /drain, /quitquitquit or a path of a probe', 404);
  }
}

/** Whoever is in the pod may end its proxy; nobody else may. */
async function ending(request: IncomingMessage, path: string, pages: StatusPages): Promise<Reply> {
  if (request.method !== 'POST') return { ...text('expected POST', 405), headers: { allow: 'POST' } };
  const { remoteAddress = '' } = request.socket;
  if (!/^(::ffff:)?127\.|^::1$/.test(remoteAddress)) return text('expected a request from within the pod', 403);
  if (path === '/drain') await pages.drain();
  else pages.quit();
  return text('ok');
}

function probed({ status, body }: ProbeResult): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

/** Applications may tell probes from other requests by it. */
function userAgent({ headers }: IncomingMessage): { readonly [name: string]: string } {
  return headers['user-agent'] === undefined ? {} : { 'user-agent': headers['user-agent'] };
}

function text(body: string, status = 200): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` };
}
