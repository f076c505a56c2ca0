/** Clients and servers of DNS, by another implementation of its messages than the agent's. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type Answer, decode, encode, type Packet, RECURSION_DESIRED, type RecordType } from 'dns-packet';

type Test = Pick<TestContext, 'after'>;

/** A question as glibc and musl ask it. */
export function question(name: string, type: RecordType = 'A', id = 1): Buffer {
  return encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type, name }] });
}

/** An answer to a question, with records or with flags of its own. */
export function answerOf(message: Buffer, { answers = [], flags = 0 }: Pick<Packet, 'answers' | 'flags'> = {}): Buffer {
  const { id, questions } = decode(message);
  return encode({ type: 'response', ...(id === undefined ? {} : { id }), flags, questions: questions ?? [], answers });
}

/** An answer with one address. */
export function addressOf(message: Buffer, data: string): Buffer {
  const [{ name = '' } = {}] = decode(message).questions ?? [];
  return answerOf(message, { answers: [{ type: 'A', name, ttl: 60, data }] });
}

/** `NOERROR A 10.0.0.1`: the code of an answer and its records, `TC` where it is cut short. */
export function textOf(message: Buffer): string {
  const { answers = [], flag_tc: isCut, ...others } = decode(message);
  const { rcode } = others as unknown as { readonly rcode: string };
  const record = (one: Answer) => ('data' in one ? `${one.type} ${one.data}` : one.type);
  return [rcode, ...(isCut ? ['TC'] : []), ...answers.map(record).sort()].join(' ');
}

/** Sends bytes by UDP from a port of its own, and yields the first answer. */
export async function askByUdp(test: Test, port: number, message: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  test.after(() => socket.close());
  socket.send(message, port, '127.0.0.1');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  return answer;
}

/** A connection; answers are as many as are waited for, in the order in which they come. */
export interface TcpClient {
  readonly socket: Socket;
  send(...messages: readonly Buffer[]): void;
  answers(count: number): Promise<readonly Buffer[]>;
}

export function tcpClient(test: Test, port: number): TcpClient {
  const socket = connect(port, '127.0.0.1');
  test.after(() => socket.destroy());
  socket.on('error', () => {});
  let bytes = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
  });
  const whole = () => {
    const found: Buffer[] = [];
    let rest = bytes;
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      found.push(rest.subarray(2, end));
      rest = rest.subarray(end);
    }
    return found;
  };
  return {
    socket,
    send: (...messages) => void socket.write(Buffer.concat(messages.map(frame))),
    async answers(count) {
      while (whole().length < count) await once(socket, 'data');
      return whole();
    },
  };
}

export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(message.length);
  return Buffer.concat([head, message]);
}

/** A DNS server on loopback that answers as a test says, over both protocols at one port, until the test ends. */
export interface Nameserver {
  readonly host: string;
  readonly port: number;
  /** The names that it has been asked for, with the protocol: `udp a.test`. */
  readonly asked: readonly string[];
}

/** `answer` yields what is sent, in this order; nothing is for a server that is silent. */
export async function nameserver(
  test: Test,
  answer: (message: Buffer, protocol: 'udp' | 'tcp') => readonly Buffer[],
): Promise<Nameserver> {
  const asked: string[] = [];
  const note = (message: Buffer, protocol: 'udp' | 'tcp') => {
    asked.push(`${protocol} ${decode(message).questions?.[0]?.name}`);
    return answer(message, protocol);
  };
  const udp = createSocket('udp4');
  udp.on('message', (message, from) => {
    for (const one of note(message, 'udp')) udp.send(one, from.port, from.address);
  });
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const one of note(chunk.subarray(2), 'tcp')) socket.write(frame(one));
    });
  });
  const port = await bindBoth(udp, tcp);
  test.after(() => {
    udp.close();
    tcp.close();
    for (const socket of sockets) socket.destroy();
  });
  return { host: '127.0.0.1', port, asked };
}

/** A port that is free for both protocols: what is free for one may be taken for the other. */
async function bindBoth(udp: UdpSocket, tcp: Server): Promise<number> {
  for (;;) {
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    try {
      udp.bind(port, '127.0.0.1');
      await once(udp, 'listening');
      return port;
    } catch {
      await new Promise((resolve) => tcp.close(resolve));
    }
  }
}

/** A port of loopback on which nobody listens. */
export async function unusedPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
