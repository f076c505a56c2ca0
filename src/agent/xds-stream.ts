/**
 * One type of resources out of a control plane, by a delta stream of xDS of the agent's own.
 *
 *      connect ─► ask for all ─► take what comes, acknowledge ─► … the stream ends ─► wait a while ─► connect
 */
import { readDeltaResponse } from './delta-response.ts';
import { type Send, XdsConnection, type XdsConnectionOptions } from './xds-connection.ts';

export interface ReceivedResource {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface XdsStreamOptions extends Pick<XdsConnectionOptions, 'xds' | 'node' | 'log' | 'type'> {
  /** Of several calls the later one counts. Throws for what cannot be used, which the control plane is told. */
  readonly onChange: (changed: readonly ReceivedResource[], removed: readonly string[]) => void;
}

export class XdsStream {
  readonly #options: XdsStreamOptions;
  /** What is known, by version: a new stream is told, so that only what differs comes. */
  readonly #versions = new Map<string, string>();
  readonly #connection: XdsConnection;

  constructor(options: XdsStreamOptions) {
    this.#options = options;
    this.#connection = new XdsConnection({
      ...options,
      complaint: 'the control plane does not tell of names',
      onOpen: (send) =>
        send({
          typeUrl: options.type,
          resourceNamesSubscribe: ['*'],
          initialResourceVersions: Object.fromEntries(this.#versions),
        }),
      onMessage: (bytes, send) => this.#take(bytes, send),
    });
  }

  start(): void {
    this.#connection.start();
  }

  close(): void {
    this.#connection.close();
  }

  #take(bytes: Buffer, send: Send): void {
    const { type, onChange } = this.#options;
    const { nonce, resources, removed } = readDeltaResponse(bytes);
    try {
      onChange(resources, removed);
      for (const { name, version } of resources) this.#versions.set(name, version);
      for (const name of removed) this.#versions.delete(name);
      this.#connection.works();
      send({ typeUrl: type, responseNonce: nonce });
    } catch (error) {
      const errorDetail = { code: 3, message: (error as Error).message, details: [] };
      send({ typeUrl: type, responseNonce: nonce, errorDetail });
    }
  }
}
