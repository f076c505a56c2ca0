/** Answers the questions of a pod: from the control plane's names, else by asking the pod's own DNS servers. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Log } from '../../lib/log.ts';
import { answerTo, nothing } from './answer.ts';
import { FrameReader, framed } from './frames.ts';
import { isQuery, readQuery, responseCode, responseCodeOf, writeAnswer, writeFailure } from './message.ts';
import type { Names } from './names.ts';
import { type AskOptions, askUpstream, type Upstream, usualPatience } from './upstream.ts';

export interface DnsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly names: Names;
  /** Whom to ask at the moment. */
  readonly upstreams: () => readonly Upstream[];
  readonly log: Log;
  /** Told of each question, by who has answered it. */
  readonly onAnswer?: (by: 'names' | 'upstream' | 'nobody') => void;
  readonly patience?: Omit<AskOptions, 'isUdp'>;
}

/** Questions that are passed on at one time; more are answered with a failure, and asked again. */
const mostPending = 1000;
const mostConnections = 256;
/** How many ports are tried where any will do. */
const mostTries = 20;
const idleMs = 10_000;
/** What may wait for a client that does not read its answers, in bytes. */
const mostUnread = 2 ** 20;

export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  readonly #udp: UdpSocket;
  #pending = 0;
  #isClosed = false;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#udp = createSocket(isIP(options.host) === 6 ? 'udp6' : 'udp4');
    this.#udp.on('message', (message, from) => void this.#serveDatagram(message, from));
    this.#tcp = createServer((socket) => this.#serve(socket));
    this.#tcp.maxConnections = mostConnections;
  }

  /** Yields the port, which is the same for both protocols. Rejected when it cannot be had; nothing is open then. */
  async listen(): Promise<number> {
    const { port, log } = this.#options;
    try {
      let bound: number | undefined;
      for (let i = 1; bound === undefined; i++) bound = await this.#bind(i < mostTries && port === 0);
      this.#udp.on('error', (error) => log.error('DNS over UDP', { error }));
      this.#tcp.on('error', (error) => log.error('DNS over TCP', { error }));
      return bound;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Undefined when any port will do and the one that TCP has found is taken for UDP. */
  async #bind(isAnyPort: boolean): Promise<number | undefined> {
    const { host, port } = this.#options;
    this.#tcp.listen(port, host);
    await once(this.#tcp, 'listening');
    const { port: bound } = this.#tcp.address() as AddressInfo;
    try {
      this.#udp.bind(bound, host);
      await once(this.#udp, 'listening');
      return bound;
    } catch (error) {
      if (!isAnyPort || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
      return undefined;
    }
  }

  /** Who waits for an answer gets none. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const socket of this.#connections) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
    ]);
  }

  async #serveDatagram(message: Buffer, { address, port }: RemoteInfo): Promise<void> {
    const answer = await this.#answer(message, true);
    // Nothing can be sent to port 0, and what cannot be sent is asked again.
    if (answer !== undefined && port !== 0 && !this.#isClosed) this.#udp.send(answer, port, address, () => {});
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket);
    const reader = new FrameReader();
    const answer = async (message: Buffer) => {
      const written = await this.#answer(message, false);
      if (written !== undefined && socket.writable) socket.write(framed(written));
      if (socket.writableLength > mostUnread) socket.destroy();
    };
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const message of reader.push(chunk)) void answer(message);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
  }

  /** Never rejected; undefined for what asks nothing. */
  async #answer(message: Buffer, isUdp: boolean): Promise<Buffer | undefined> {
    const { names, upstreams, log, onAnswer = () => {}, patience = usualPatience } = this.#options;
    if (!isQuery(message)) return undefined;
    const query = readQuery(message);
    const known = query === undefined ? undefined : answerTo(query, names, Math.random);
    if (query !== undefined && known !== undefined) {
      onAnswer('names');
      return writeAnswer(query, known, { isUdp });
    }
    if (this.#pending >= mostPending) {
      onAnswer('nobody');
      return writeFailure(message);
    }
    this.#pending += 1;
    try {
      const answer = await askUpstream(message, upstreams(), { isUdp, ...patience });
      onAnswer('upstream');
      // Others do not know the name of what only the mesh has; that it has no MX records, say, is no reason to deny it.
      const isDenied = responseCodeOf(answer) === responseCode.noSuchName;
      const exists = isDenied && query !== undefined && names.find(query.name) !== undefined;
      return exists ? writeAnswer(query, nothing, { isUdp }) : answer;
    } catch (error) {
      log.debug(`nobody answers for ${query?.name ?? 'what is no plain question'}`, { error });
      onAnswer('nobody');
      return writeFailure(message);
    } finally {
      this.#pending -= 1;
    }
  }
}
