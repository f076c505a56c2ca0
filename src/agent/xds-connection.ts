/**
 * A delta stream of xDS of the agent's own, opened again whenever it ends.
 *
 *      connect ─► opened ─► messages … the stream ends ─► wait a while ─► connect
 */
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { formatAddress } from '../lib/address.ts';
import { type Backoff, type BackoffOptions, backoff } from '../lib/backoff.ts';
import { FrameReader, grpcFrame } from '../lib/grpc-frames.ts';
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
  /** What the log says when there is none any more, and of which type. */
  readonly complaint: string;
  readonly type: string;
  readonly onOpen: (send: Send) => void;
  /** Ends the stream when it throws. */
  readonly onMessage: (bytes: Buffer, send: Send) => void;
  readonly waits?: XdsWaits;
}

export interface XdsWaits extends Pick<BackoffOptions, 'firstMs' | 'mostMs'> {
  /** How often the control plane is asked for a sign of life, which it has that long to give. */
  readonly pingMs: number;
}

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const usualWaits: XdsWaits = { firstMs: 200, mostMs: 10_000, pingMs: 30_000 };
const mostBytes = 64 * 2 ** 20;

export class XdsConnection {
  readonly #options: XdsConnectionOptions;
  readonly #waits: XdsWaits;
  readonly #delays: Backoff;
  #session: ClientHttp2Session | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Why there is none, as somebody has been told: each reason once for each time that it is away. */
  readonly #told = new Set<string>();

  constructor(options: XdsConnectionOptions) {
    const { waits = usualWaits } = options;
    this.#options = options;
    this.#waits = waits;
    this.#delays = backoff({ ...waits, random: Math.random });
  }

  start(): void {
    const { xds } = this.#options;
    const startMs = performance.now();
    const session = connect(`http://${formatAddress(xds)}`);
    this.#session = session;
    let isOver = false;
    const over = (reason: string) => {
      if (isOver) return;
      isOver = true;
      clearInterval(ping);
      session.destroy();
      this.#lost(reason, performance.now() - startMs);
    };
    let isSilent = false;
    const ping = setInterval(() => {
      // A peer that has vanished refuses nothing: only its silence tells.
      if (isSilent || session.destroyed) return over('it gives no sign of life');
      isSilent = true;
      session.ping((error) => {
        if (error === null) isSilent = false;
      });
    }, this.#waits.pingMs);
    session.on('error', (error) => over(error.message));
    session.on('close', () => over('the connection was closed'));
    session.on('goaway', () => over('it sends its proxies elsewhere'));
    this.#open(session, over);
  }

  /** The next stream that ends is opened again soon. */
  works(): void {
    this.#delays.reset();
    const { log, type } = this.#options;
    if (this.#told.size > 0) log.info('the control plane is back', { type });
    this.#told.clear();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#session?.destroy();
  }

  #lost(reason: string, afterMs: number): void {
    if (this.#isClosed) return;
    const { log, type, complaint } = this.#options;
    // What has worked for a while is tried again at once.
    if (afterMs > this.#waits.mostMs) {
      this.#delays.reset();
      this.#told.clear();
    }
    const delayMs = this.#delays.next();
    // That the stream has ended says less than why the next one was refused.
    log[this.#told.has(reason) ? 'debug' : 'warn'](`${complaint}: ${reason}`, { type });
    this.#told.add(reason);
    this.#retry = setTimeout(() => this.start(), delayMs);
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
    const reader = new FrameReader(mostBytes);
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const result of reader.read(chunk)) {
          if (result.kind !== 'message') throw new Error('expected a plain message of at most 64 MiB, found another');
          onMessage(result.bytes, send);
        }
      } catch (error) {
        over((error as Error).message);
      }
    });
    const end = (fields: IncomingHttpHeaders) => {
      const { 'grpc-status': code, 'grpc-message': words } = fields;
      if (code !== undefined) over(`gRPC status ${code}${words === undefined ? '' : `: ${words}`}`);
    };
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) over(`HTTP status ${headers[':status']}`);
      end(headers);
    });
    stream.on('trailers', end);
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

function message(request: Partial<DeltaDiscoveryRequest>): Buffer {
  return grpcFrame([DeltaDiscoveryRequest.encode(request as DeltaDiscoveryRequest).finish()]);
}
