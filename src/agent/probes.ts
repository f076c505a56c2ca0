/**
 * Probes of the application that the kubelet asks of the agent instead: its own would be intercepted. Injection writes them
 * into KUBE_APP_PROBERS, by the paths that it puts in their place, such as `/app-health/web/readyz`.
 */
import { connect } from 'node:net';
import { formatAddress } from '../lib/address.ts';
import { type Infer, integer, intOrString, list, map, object, string } from '../lib/schema.ts';
import type { ApplicationPlace } from './application-place.ts';
import { checkHealth } from './grpc-health.ts';
import { ask, type Question } from './http-get.ts';

const open = { isOpen: true } as const;

/** How an application is asked, in Kubernetes' words. */
export const probeFields = {
  httpGet: object(
    {
      path: string,
      port: intOrString,
      host: string,
      scheme: string,
      httpHeaders: list(object({ name: string, value: string }, open)),
    },
    open,
  ),
  tcpSocket: object({ port: intOrString, host: string }, open),
  grpc: object({ port: integer(1, 65_535), service: string }, open),
  timeoutSeconds: integer(0, 3600),
} as const;

const probe = object(probeFields, open);

const probes = map(probe);

export type Probe = Infer<typeof probe>;

/** What KUBE_APP_PROBERS cannot be read as; the message says where. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

/** By path. Throws ProbeError. */
export function parseProbes(text: string): ReadonlyMap<string, Probe> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProbeError(`expected KUBE_APP_PROBERS to be JSON, found ${(error as Error).message}`);
  }
  const found: string[] = [];
  const decoded = probes.decode(value, ['KUBE_APP_PROBERS'], ({ path, message }) =>
    found.push(`${path.join('.')}: ${message}`),
  );
  if (found.length > 0) throw new ProbeError(found.join('\n'));
  return new Map(Object.entries(decoded ?? {}));
}

export interface ProbeResult {
  readonly status: number;
  readonly body: string;
}

/** Kubernetes' own default. */
const usualTimeoutMs = 1000;
/** So much of a page the kubelet reads: it shows the first lines in events. */
const shownBytes = 10 * 1024;

/** Asks the application at its place, where a probe names no other host. Never rejected. */
export async function runProbe(
  { httpGet, tcpSocket, grpc, timeoutSeconds = 0 }: Probe,
  application: ApplicationPlace,
  header: { readonly [name: string]: string },
): Promise<ProbeResult> {
  const timeoutMs = timeoutSeconds === 0 ? usualTimeoutMs : timeoutSeconds * 1000;
  try {
    if (tcpSocket !== undefined) {
      await connects(placeOf(tcpSocket.host, application), Number(tcpSocket.port), timeoutMs);
      return { status: 200, body: '' };
    }
    if (grpc?.port !== undefined) {
      await checkHealth({ ...application, port: grpc.port, service: grpc.service ?? '', timeoutMs });
      return { status: 200, body: '' };
    }
    if (httpGet === undefined)
      return { status: 500, body: 'expected a probe by httpGet, tcpSocket or grpc, found another' };
    const { path = '/', port, httpHeaders = [] } = httpGet;
    return await askFollowing({
      ...placeOf(httpGet.host, application),
      port: Number(port),
      path: escaped(path.startsWith('/') ? path : `/${path}`),
      headers: { ...header, ...Object.fromEntries(httpHeaders.map(({ name = '', value = '' }) => [name, value])) },
      timeoutMs,
      isTls: httpGet.scheme?.toUpperCase() === 'HTTPS',
      firstBytes: shownBytes,
    });
  } catch (error) {
    return { status: 503, body: (error as Error).message };
  }
}

/** As many redirections as kubelets follow. */
const mostRedirections = 10;

/** Redirections to the same host are followed, as kubelets do; one to another host is an answer. */
async function askFollowing(first: Question & { readonly timeoutMs: number }): Promise<ProbeResult> {
  const deadline = performance.now() + first.timeoutMs;
  let question = first;
  for (let followed = 0; followed <= mostRedirections; followed += 1) {
    const { status, headers, body } = await ask(question);
    if (status < 300 || status >= 400) return { status, body };
    const next = redirected(question, headers.location?.toString());
    if (next === undefined) return { status: 200, body };
    question = { ...next, timeoutMs: Math.max(1, Math.ceil(deadline - performance.now())) };
  }
  throw new Error(`expected at most ${mostRedirections} redirections, found more`);
}

/** Undefined when it is to another host, or to nowhere. */
function redirected(question: Question, location: string | undefined): Question | undefined {
  const { host, port, path, isTls = false } = question;
  const asked = `${isTls ? 'https' : 'http'}://${formatAddress({ host, port })}${path}`;
  const to = location === undefined ? null : URL.parse(location, asked);
  if (to === null || !/^https?:$/.test(to.protocol) || to.hostname !== new URL(asked).hostname) return undefined;
  const usualPort = to.protocol === 'https:' ? 443 : 80;
  return {
    ...question,
    port: to.port === '' ? usualPort : Number(to.port),
    path: to.pathname + to.search,
    isTls: to.protocol === 'https:',
  };
}

/** What must not stand in a request as it is, such as a space. */
const escaped = (path: string) => path.replace(/[^!-~]+/g, encodeURIComponent);

const placeOf = (host: string | undefined, application: ApplicationPlace): ApplicationPlace =>
  host === undefined ? application : { host };

function connects({ host, from }: ApplicationPlace, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs, ...(from === undefined ? {} : { localAddress: from }) });
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)));
    socket.on('error', reject);
  });
}
