/**
 * A delta stream of xDS of the agent's own, opened again whenever it ends.
 *
 *      connect ─► opened ─► messages … the stream ends ─► wait a while ─► connect
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { type Backoff, backoff } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import { DeltaDiscoveryRequest } from '../proto/envoy/service/discovery/v3/discovery.ts';
import type { BootstrapNode } from './bootstrap.ts';
import type { SocketAddress } from './static-resources.ts';

/** Sends a request; the node goes with the first by itself. */
export type Send = (request: Partial<DeltaDiscoveryRequest>) => void;

export interface XdsConnectionOptions {
  readonly xds: SocketAddress;
  /** As the bootstrap states it: the agent is the proxy, to the control plane. */
  readonly node: BootstrapNode;
  readonly log: Log;
  /** What the log says while there is none, and of which type. */
  readonly complaint: string;
  readonly type: string;
  readonly onOpen: (send: Send) => void;
  /** Ends the stream when it throws. */
  readonly onMessage: (bytes: Buffer, send: Send) => void;
}

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
/** How often the control plane is asked for a sign of life, in milliseconds. */
const pingMs = 30_000;
const mostBytes = 64 * 2 ** 20;
const retry = { firstMs: 200, mostMs: 10_000, random: Math.random };

export class XdsConnection {
  readonly #options: XdsConnectionOptions;
  readonly #delays: Backoff = backoff(retry);
  #session: ClientHttp2Session | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: XdsConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    const { xds, log, type, complaint } = this.#options;
    const host = xds.host.includes(':') ? `[${xds.host}]` : xds.host;
    const startMs = performance.now();
    const session = connect(`http://${host}:${xds.port}`);
    this.#session = session;
    let isOver = false;
    const over = (reason: string) => {
      if (isOver) return;
      isOver = true;
      clearInterval(ping);
      session.destroy();
      if (this.#isClosed) return;
      // What has worked for a while is tried again at once.
      if (performance.now() - startMs > retry.mostMs) this.#delays.reset();
      const delayMs = this.#delays.next();
      log.debug(`${complaint}: ${reason}`, { type });
      this.#retry = setTimeout(() => this.start(), delayMs);
    };
    const ping = setInterval(() => {
      if (!session.ping((error) => error !== null && over('no sign of life'))) over('no sign of life');
    }, pingMs);
    session.on('error', (error) => over(error.message));
    session.on('close', () => over('the connection was closed'));
    session.on('goaway', () => over('it sends its proxies elsewhere'));
    this.#open(session, over);
  }

  /** The next stream that ends is opened again soon. */
  works(): void {
    this.#delays.reset();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#session?.destroy();
  }

  #open(session: ClientHttp2Session, over: (reason: string) => void): void {
    const { onOpen, onMessage } = this.#options;
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let first: Partial<DeltaDiscoveryRequest> = { node: nodeOf(this.#options.node) };
    const send: Send = (request) => {
      if (!stream.destroyed) stream.write(message({ ...first, ...request }));
      first = {};
    };
    const reader = new MessageReader();
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const bytes of reader.push(chunk)) onMessage(bytes, send);
      } catch (error) {
        over((error as Error).message);
      }
    });
    stream.on('trailers', (trailers) =>
      over(`${trailers['grpc-message'] ?? `grpc-status ${trailers['grpc-status']}`}`),
    );
    stream.on('error', (error) => over(error.message));
    stream.on('close', () => over('the stream has ended'));
    onOpen(send);
  }
}

/** All that a registration is made of goes along: each stream of a workload describes it. */
function nodeOf({ id, cluster, locality, metadata }: BootstrapNode): DeltaDiscoveryRequest['node'] {
  const place = locality && { region: locality.region, zone: locality.zone, subZone: locality.sub_zone };
  return { id, cluster, metadata: { ...metadata }, ...(place === undefined ? {} : { locality: place }) };
}

/** In the frame of gRPC: not compressed, its length, the message. */
function message(request: Partial<DeltaDiscoveryRequest>): Buffer {
  const body = DeltaDiscoveryRequest.encode(request as DeltaDiscoveryRequest).finish();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

class MessageReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /** The messages that are whole with this piece. Throws for one that is too large, or compressed. */
  push(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: Buffer[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) messages.push(next);
    return messages;
  }

  #next(): Buffer | undefined {
    if (this.#size < 5) return undefined;
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    const length = all.readUInt32BE(1);
    if (all[0] !== 0 || length > mostBytes)
      throw new Error('expected a plain message of at most 64 MiB, found another');
    if (all.length < 5 + length) return undefined;
    this.#chunks = [all.subarray(5 + length)];
    this.#size = all.length - 5 - length;
    return all.subarray(5, 5 + length);
  }
}
