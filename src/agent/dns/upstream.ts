/** DNS servers that know what the control plane does not tell of: those of the pod. */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, isIP } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { isSameIp } from '../../lib/ip.ts';
import type { SocketAddress } from '../static-resources.ts';
import { FrameReader, framed } from './frames.ts';
import { isQuery, responseCode, responseCodeOf } from './message.ts';

export type Upstream = SocketAddress;

export interface AskOptions {
  readonly isUdp: boolean;
  /** How long a server may take while there is another one to ask, in milliseconds. */
  readonly patienceMs: number;
  /** How long the last one may take. */
  readonly lastPatienceMs: number;
}

/** Resolvers give up, or ask again, after five seconds. */
export const usualPatience = { patienceMs: 2000, lastPatienceMs: 5000 } as const;

const dnsPort = 53;

/** The servers of a resolv.conf, without those that listen at `own`, who would ask themselves. None when there is no file. */
export function nameserversIn(path: string, own: readonly SocketAddress[]): readonly Upstream[] {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // A pod without one asks nobody.
  }
  return [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)]
    .map(([, host = '']) => ({ host, port: dnsPort }))
    .filter(({ host }) => isIP(host) !== 0)
    .filter(({ host, port }) => !own.some((one) => isSameIp(host, one.host) && port === one.port));
}

/** How long what the file says is taken for what it says now, in milliseconds. */
const maxAgeMs = 1000;

/**
 * The servers of a resolv.conf as it is now, as resolvers of applications read it too: a machine may have none when it starts, and
 * others in another network. Those of before stay while it names none, since somebody may be replacing it.
 */
export function currentNameservers(
  path: string,
  own: readonly SocketAddress[],
  clock: Clock,
): () => readonly Upstream[] {
  let servers = nameserversIn(path, own);
  let readAtMs = clock.now();
  return () => {
    if (clock.now() - readAtMs < maxAgeMs) return servers;
    const found = nameserversIn(path, own);
    readAtMs = clock.now();
    if (found.length > 0) servers = found;
    return servers;
  };
}

/**
 * Asks one server after another, by the protocol that the client came by, and yields the first answer that is one: a server
 * that refuses or has failed is no better than one that is silent. Rejected when none has said anything.
 *
 * What is cut short over UDP goes back as it is: its client then asks over TCP.
 */
export async function askUpstream(message: Buffer, servers: readonly Upstream[], options: AskOptions): Promise<Buffer> {
  const { isUdp, patienceMs, lastPatienceMs } = options;
  let excuse: Buffer | undefined;
  let reason = new Error('expected a DNS server to ask, found none');
  for (const [i, server] of servers.entries()) {
    const mostMs = i === servers.length - 1 ? lastPatienceMs : patienceMs;
    try {
      const answer = await (isUdp ? overUdp(message, server, mostMs) : overTcp(message, server, mostMs));
      if (!isExcuse(answer)) return answer;
      excuse = answer;
    } catch (error) {
      reason = error as Error;
    }
  }
  if (excuse !== undefined) return excuse;
  throw reason;
}

function isExcuse(answer: Buffer): boolean {
  const { serverFailure, notImplemented, refused } = responseCode;
  return [serverFailure, notImplemented, refused].some((code) => code === responseCodeOf(answer));
}

/** Whoever makes up an answer must guess the number of the question, and over UDP our port. Anything else is passed over. */
function answers(message: Buffer, question: Buffer): boolean {
  return message.length >= 12 && !isQuery(message) && message.readUInt16BE(0) === question.readUInt16BE(0);
}

function overUdp(message: Buffer, { host, port }: Upstream, mostMs: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  const timer = setTimeout(() => reject(new Error(`no answer from ${host}`)), mostMs);
  // A port that nobody listens on is an error too, since the socket is connected.
  socket.on('error', reject);
  socket.on('message', (answer) => {
    if (answers(answer, message)) resolve(answer);
  });
  // A server that no route leads to, such as one of IPv6 in a pod without, is told here and is no event.
  socket.connect(port, host, ((error?: Error | null) => {
    if (error instanceof Error) reject(error);
    else socket.send(message);
  }) as () => void);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

function overTcp(message: Buffer, { host, port }: Upstream, mostMs: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect({ host, port }, () => socket.write(framed(message)));
  const timer = setTimeout(() => reject(new Error(`no answer from ${host}`)), mostMs);
  const reader = new FrameReader();
  socket.on('data', (chunk) => {
    const answer = reader.push(chunk).find((one) => answers(one, message));
    if (answer !== undefined) resolve(answer);
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`${host} has closed the connection`)));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
