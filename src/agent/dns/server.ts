/** Answers the questions of a pod: from the control plane's names, else by asking the pod's own DNS servers. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { Log } from '../../lib/log.ts';
import { answerTo, failure } from './answer.ts';
import type { Names } from './names.ts';
import { askUpstream, FrameReader, framed, type Upstream } from './upstream.ts';

export interface DnsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly names: Names;
  readonly upstreams: readonly Upstream[];
  readonly log: Log;
  /** Told of each question, by who has answered it. */
  readonly onAnswer?: (by: 'names' | 'upstream' | 'nobody') => void;
}

/** Questions that are passed on at one time; more are answered with a failure, and asked again. */
const mostPending = 1000;
const idleMs = 10_000;

export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  readonly #udp: UdpSocket;
  #pending = 0;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#udp = createSocket(isIP(options.host) === 6 ? 'udp6' : 'udp4');
    this.#udp.on('message', (message, from) => {
      void this.#answer(message, true).then((answer) => {
        if (answer !== undefined) this.#udp.send(answer, from.port, from.address);
      });
    });
    this.#tcp = createServer((socket) => this.#serve(socket));
    this.#tcp.maxConnections = 256;
  }

  /** Yields the port, which is the same for both protocols. Rejected when it cannot be had. */
  async listen(): Promise<number> {
    const { host, port, log } = this.#options;
    this.#udp.bind(port, host);
    await once(this.#udp, 'listening');
    const bound = this.#udp.address().port;
    this.#tcp.listen(bound, host);
    await once(this.#tcp, 'listening');
    this.#udp.on('error', (error) => log.error('DNS over UDP', { error }));
    this.#tcp.on('error', (error) => log.error('DNS over TCP', { error }));
    return bound;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
    ]);
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket);
    const reader = new FrameReader();
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const message of reader.push(chunk))
        void this.#answer(message, false).then((answer) => {
          if (answer !== undefined && socket.writable) socket.write(framed(answer));
        });
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
  }

  /** Never rejected; undefined for what is no question. */
  async #answer(message: Buffer, isUdp: boolean): Promise<Buffer | undefined> {
    const { names, upstreams, onAnswer = () => {} } = this.#options;
    try {
      const known = answerTo(message, names, { isUdp });
      if (known !== undefined) {
        onAnswer('names');
        return known;
      }
      if (message.length < 12 || this.#pending >= mostPending) return failure(message);
      this.#pending += 1;
      try {
        const answer = await askUpstream(message, upstreams, { isUdp });
        onAnswer('upstream');
        return answer;
      } finally {
        this.#pending -= 1;
      }
    } catch {
      onAnswer('nobody');
      return failure(message);
    }
  }
}
