/**
 * One type of resources out of a control plane, by a delta stream of xDS of the agent's own.
 *
 *      connect ─► ask for all ─► take what comes, acknowledge ─► … the stream ends ─► wait a while ─► connect
 */
import { typeNameOf } from '../lib/type-name.ts';
import { readDeltaResponse } from './delta-response.ts';
import { type Send, XdsConnection, type XdsConnectionOptions } from './xds-connection.ts';

export interface ReceivedResource {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface XdsStreamOptions extends Pick<XdsConnectionOptions, 'xds' | 'node' | 'log' | 'type' | 'waits'> {
  /**
   * Called with what differs from what was told before; the first time of a stream even with nothing. Throws for what
   * cannot be used, and has changed nothing then; the control plane is told.
   */
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
      complaint: `the control plane tells no ${typeNameOf(options.type)}, and what is known of it stays`,
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
    const { type, log, onChange } = this.#options;
    const { nonce, resources, removed } = readDeltaResponse(bytes);
    try {
      onChange(resources, removed);
      for (const { name, version } of resources) this.#versions.set(name, version);
      for (const name of removed) this.#versions.delete(name);
      this.#connection.works();
      send({ typeUrl: type, responseNonce: nonce });
    } catch (error) {
      log.error(`what the control plane tells of ${typeNameOf(type)} cannot be used`, { type, error });
      const errorDetail = { code: 3, message: (error as Error).message, details: [] };
      send({ typeUrl: type, responseNonce: nonce, errorDetail });
    }
  }
}
