/** DNS servers that know what the control plane does not tell of: those of the pod. */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, isIP } from 'node:net';

export interface Upstream {
  readonly host: string;
  readonly port: number;
}

/** How long a server may take before the next one is asked, in milliseconds. */
const patienceMs = 2000;

/** The servers of a resolv.conf, without those that are the agent itself. */
export function nameserversIn(path: string, own: readonly string[]): readonly Upstream[] {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // A pod without one asks nobody.
  }
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)]
    .map(([, host = '']) => host)
    .filter((host) => isIP(host) !== 0 && !own.includes(host))
    .map((host) => ({ host, port: 53 }));
}

/** Asks one server after another, by the protocol that the client came by. Rejected when none answers. */
export async function askUpstream(
  message: Buffer,
  servers: readonly Upstream[],
  { isUdp }: { readonly isUdp: boolean },
): Promise<Buffer> {
  let reason = new Error('expected a DNS server to ask, found none');
  for (const server of servers) {
    try {
      return await (isUdp ? overUdp(message, server) : overTcp(message, server));
    } catch (error) {
      reason = error as Error;
    }
  }
  throw reason;
}

function overUdp(message: Buffer, { host, port }: Upstream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error(`no answer from ${host}`))), patienceMs);
    socket.on('error', (error) => end(() => reject(error)));
    // Of several answers only the one to this question counts: whoever guesses must guess its number and our port.
    socket.on('message', (answer) => {
      if (answer.length >= 2 && answer.readUInt16BE(0) === message.readUInt16BE(0)) end(() => resolve(answer));
    });
    socket.connect(port, host, () => socket.send(message));
  });
}

function overTcp(message: Buffer, { host, port }: Upstream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: patienceMs }, () => socket.write(framed(message)));
    const reader = new FrameReader();
    socket.on('data', (chunk) => {
      const [answer] = reader.push(chunk);
      if (answer === undefined) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no answer from ${host}`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${host} has closed the connection`)));
  });
}

/** Over TCP each message is preceded by its length. */
export function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(message.length);
  return Buffer.concat([head, message]);
}

export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are whole with this piece. */
  push(chunk: Buffer): readonly Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    while (this.#rest.length >= 2 && this.#rest.length >= 2 + this.#rest.readUInt16BE(0)) {
      const length = this.#rest.readUInt16BE(0);
      messages.push(this.#rest.subarray(2, 2 + length));
      this.#rest = this.#rest.subarray(2 + length);
    }
    return messages;
  }
}
