/** What answers in a cluster without a mesh: the few names that the machine outside of pods is known by. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Answer, decode, encode } from 'dns-packet';

export interface NameServer {
  /** Names that somebody has asked for, in order. */
  readonly asked: readonly string[];
  /** Makes a name known. */
  tell(name: string, address: string): void;
  close(): Promise<void>;
}

/** Answers on port 53 of an address; what it does not know has no address. */
export async function startNameServer(address: string): Promise<NameServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  const known = new Map<string, string>();
  socket.on('message', (bytes, { address: to, port }) => {
    const { id, questions = [] } = decode(bytes);
    const answers = questions.flatMap(({ name, type }): Answer[] => {
      asked.push(name);
      const data = known.get(name);
      return data === undefined || type !== 'A' ? [] : [{ type: 'A', name, ttl: 5, data }];
    });
    const isKnown = questions.some(({ name }) => known.has(name));
    const response = encode({ type: 'response', id: id ?? 0, questions, answers, flags: isKnown ? 0 : nxdomain });
    socket.send(response, port, to);
  });
  socket.bind(53, address);
  await once(socket, 'listening');
  return {
    asked,
    tell: (name, to) => void known.set(name, to),
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

/** RFC 1035, section 4.1.1. */
const nxdomain = 3;
