/** WebSockets (RFC 6455): Node has a client and no server, and a server that says back one short text is small. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';

/** Says back each text that it is told, its name first; texts and frames are short. */
export function startWebSocketServer(name: string, port: number): void {
  const server = createServer((_, response) => response.writeHead(426).end());
  server.on('upgrade', (request, socket: Duplex) => {
    const key = request.headers['sec-websocket-key'] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.on('error', () => socket.destroy());
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    );
    socket.on('data', (frame: Buffer) => {
      // Section 5.2: opcode 1 is a text; a client's frames are masked, and short ones have their length in seven bits.
      if (((frame[0] ?? 0) & 0x0f) !== 1) return;
      const length = (frame[1] ?? 0) & 0x7f;
      const mask = frame.subarray(2, 6);
      const text = frame.subarray(6, 6 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
      const said = Buffer.concat([Buffer.from(`${name} `), text]);
      socket.write(Buffer.concat([Buffer.from([0x81, said.length]), said]));
    });
  });
  server.listen(port);
}

/** Rejects when the connection is refused or ends before an answer. */
export function echoedByWebSocket(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => socket.send(text));
    socket.addEventListener('message', ({ data }) => {
      socket.close();
      resolve(String(data));
    });
    socket.addEventListener('error', () => reject(new Error('the WebSocket was refused')));
    socket.addEventListener('close', () => reject(new Error('the WebSocket ended without an answer')));
  });
}
