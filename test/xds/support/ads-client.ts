/**
 * A client of the aggregated stream over real gRPC (grpc-js). It sends what it is told to and keeps what comes; nothing
 * is answered by itself.
 */
import assert from 'node:assert/strict';
import { Client, type ClientDuplexStream, credentials, type StatusObject } from '@grpc/grpc-js';
import type { Node } from '../../../src/proto/envoy/config/core/v3/base.ts';
import { DeltaDiscoveryRequest, DiscoveryRequest } from '../../../src/proto/envoy/service/discovery/v3/discovery.ts';
import type { TypeUrl } from '../../../src/resource/types.ts';
import { until } from '../../support/until.ts';
import { type Dialect, decodeResponse, type Response, text } from './response.ts';

export interface ClientOptions {
  /** The pod, and its own address; its name starts its connection's. */
  readonly pod?: string;
  readonly node?: Node;
  /** The first request goes without a node. */
  readonly isAnonymous?: true;
}

/** What a test may put into a request; the node goes with the first by itself. */
export type Request = Omit<DeltaDiscoveryRequest, 'node' | 'typeUrl'> & Omit<DiscoveryRequest, 'node' | 'typeUrl'>;

const methods = {
  delta: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  sotw: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
} as const;

/** Nobody serves it, so that every question about it has one answer: there is no such thing. */
const markerType = 'type.googleapis.com/test.Marker';

export const sidecarNode = (pod: string): Node => ({
  id: `sidecar~10.1.0.1~${pod}.shop~shop.svc.cluster.local`,
  metadata: { NAMESPACE: 'shop', LABELS: { app: pod } },
});

export class AdsClient {
  readonly dialect: Dialect;
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #inbox: Response[] = [];
  #node: Node | undefined;
  #markers = 0;
  #markerNonce = '';
  #ended: StatusObject | undefined;

  constructor(address: string, dialect: Dialect, { pod = 'web', node, isAnonymous }: ClientOptions = {}) {
    this.dialect = dialect;
    this.#node = isAnonymous === true ? undefined : (node ?? sidecarNode(pod));
    // Each client has a connection of its own, as proxies have.
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    const same = (bytes: Buffer) => bytes;
    this.#stream = this.#client.makeBidiStreamRequest(methods[dialect], same, same);
    this.#stream.on('data', (bytes: Buffer) => this.#inbox.push(decodeResponse(bytes, dialect)));
    this.#stream.on('status', (status: StatusObject) => {
      this.#ended = status;
    });
    this.#stream.on('error', () => {});
  }

  /** Sends a request as it is. */
  request(type: TypeUrl, request: Request = {}): void {
    const message = { typeUrl: type, ...request, ...(this.#node === undefined ? {} : { node: this.#node }) };
    this.#node = undefined;
    const codec = this.dialect === 'delta' ? DeltaDiscoveryRequest : DiscoveryRequest;
    this.#stream.write(Buffer.from(codec.encode(message).finish()));
  }

  /** Asks for names, of a type that has not been asked for on this stream. */
  subscribe(type: TypeUrl, names: readonly string[]): void {
    this.request(
      type,
      this.dialect === 'delta' ? { resourceNamesSubscribe: [...names] } : { resourceNames: [...names] },
    );
  }

  /** Acknowledges a response; in the state-of-the-world dialect with the names that are wanted. */
  ack({ type, nonce, version }: Response, names: readonly string[] = []): void {
    if (this.dialect === 'delta') this.request(type, { responseNonce: nonce });
    else this.request(type, { responseNonce: nonce, versionInfo: version, resourceNames: [...names] });
  }

  /** Refuses a response. */
  nack({ type, nonce }: Response, message: string, names: readonly string[] = []): void {
    const error = { responseNonce: nonce, errorDetail: { code: 3, message } };
    this.request(type, this.dialect === 'delta' ? error : { ...error, resourceNames: [...names] });
  }

  /** Waits for the next response. */
  async next(): Promise<Response> {
    await until(() => this.#inbox.length > 0, { what: 'a response' });
    return this.#inbox.shift() as Response;
  }

  /**
   * All that has come since it was last asked for, up to now: what the server had to say when it got our last request.
   * It knows where that is by asking for something that does not exist.
   */
  async received(): Promise<readonly Response[]> {
    this.#markers += 1;
    const names = [`marker ${this.#markers}`];
    this.request(
      markerType,
      this.dialect === 'delta'
        ? { resourceNamesSubscribe: names, responseNonce: this.#markerNonce }
        : { resourceNames: names, responseNonce: this.#markerNonce },
    );
    const at = () => this.#inbox.findIndex(({ type }) => type === markerType);
    await until(() => at() >= 0, { what: 'an answer to a question' });
    const [marker] = this.#inbox.splice(at(), 1);
    this.#markerNonce = marker?.nonce ?? '';
    return this.#inbox.splice(0);
  }

  /** The same, in the short form of `text`. */
  async texts(): Promise<readonly string[]> {
    return (await this.received()).map(text);
  }

  /** The server has taken all that was sent, and has nothing to say to it. */
  async heard(): Promise<void> {
    assert.deepEqual(await this.texts(), []);
  }

  /** How the stream has ended. */
  async ended(): Promise<{ readonly code: number; readonly details: string }> {
    await until(() => this.#ended !== undefined, { what: 'the end of the stream' });
    const { code, details } = this.#ended as StatusObject;
    return { code, details };
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Stops reading until `resume`: what the server sends stays with it once all windows are full. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Ends our side of the stream. */
  end(): void {
    this.#stream.end();
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}
