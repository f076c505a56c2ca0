/** The first bytes of a TLS connection, as a client sends them. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';

export async function clientHello(servername: string | undefined, alpn: readonly string[]): Promise<Buffer> {
  const wire = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      wire.emit('hello', chunk);
      done();
    },
  });
  const hello = once(wire, 'hello');
  const socket = connect({
    socket: wire,
    ...(servername === undefined ? {} : { servername }),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    rejectUnauthorized: false,
  });
  // Nobody answers; the connection is given up.
  socket.on('error', () => {});
  const [bytes] = await hello;
  socket.destroy();
  return bytes;
}
