/**
 * One type of resources out of a control plane, by a delta stream of xDS of the agent's own.
 *
 *      connect ─► ask for all ─► take what comes, acknowledge ─► … the stream ends ─► wait a while ─► connect
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { type Backoff, backoff } from '../lib/backoff.ts';
import type { Log } from '../lib/log.ts';
import { DeltaDiscoveryRequest } from '../proto/envoy/service/discovery/v3/discovery.ts';
import { readDeltaResponse } from './delta-response.ts';
import type { SocketAddress } from './static-resources.ts';

export interface ReceivedResource {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface XdsStreamOptions {
  readonly xds: SocketAddress;
  readonly type: string;
  /** As the bootstrap states it: the agent is the proxy, to the control plane. */
  readonly node: {
    readonly id: string;
    readonly cluster: string;
    readonly metadata: { readonly [name: string]: unknown };
  };
  readonly log: Log;
  /** Of several calls the later one counts. Throws for what cannot be used, which the control plane is told. */
  readonly onChange: (changed: readonly ReceivedResource[], removed: readonly string[]) => void;
}

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
/** How often the control plane is asked for a sign of life, in milliseconds. */
const pingMs = 30_000;
const mostBytes = 64 * 2 ** 20;

export class XdsStream {
  readonly #options: XdsStreamOptions;
  readonly #delays: Backoff = backoff({ firstMs: 200, mostMs: 10_000, random: Math.random });
  /** What is known, by version: a new stream is told, so that only what differs comes. */
  readonly #versions = new Map<string, string>();
  #session: ClientHttp2Session | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: XdsStreamOptions) {
    this.#options = options;
  }

  start(): void {
    const { xds, log } = this.#options;
    const host = xds.host.includes(':') ? `[${xds.host}]` : xds.host;
    const session = connect(`http://${host}:${xds.port}`);
    this.#session = session;
    let isOver = false;
    const over = (reason: string) => {
      if (isOver) return;
      isOver = true;
      clearInterval(ping);
      session.destroy();
      if (this.#isClosed) return;
      const delayMs = this.#delays.next();
      log.debug(`the control plane does not tell of names: ${reason}`, { type: this.#options.type });
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

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#session?.destroy();
  }

  #open(session: ClientHttp2Session, over: (reason: string) => void): void {
    const { type, node } = this.#options;
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const send = (request: Partial<DeltaDiscoveryRequest>) => stream.write(message(request));
    send({
      node: { id: node.id, cluster: node.cluster, metadata: { ...node.metadata } },
      typeUrl: type,
      resourceNamesSubscribe: ['*'],
      initialResourceVersions: Object.fromEntries(this.#versions),
    });
    const reader = new MessageReader();
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const bytes of reader.push(chunk)) this.#take(bytes, send);
      } catch (error) {
        over((error as Error).message);
      }
    });
    stream.on('trailers', (trailers) =>
      over(`${trailers['grpc-message'] ?? `grpc-status ${trailers['grpc-status']}`}`),
    );
    stream.on('error', (error) => over(error.message));
    stream.on('close', () => over('the stream has ended'));
  }

  #take(bytes: Buffer, send: (request: Partial<DeltaDiscoveryRequest>) => void): void {
    const { type, onChange } = this.#options;
    const { nonce, resources, removed } = readDeltaResponse(bytes);
    try {
      onChange(resources, removed);
      for (const { name, version } of resources) this.#versions.set(name, version);
      for (const name of removed) this.#versions.delete(name);
      this.#delays.reset();
      send({ typeUrl: type, responseNonce: nonce });
    } catch (error) {
      const errorDetail = { code: 3, message: (error as Error).message, details: [] };
      send({ typeUrl: type, responseNonce: nonce, errorDetail });
    }
  }
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
