/** Requests as they are written, without what HTTP clients make of them. */
import { connect } from 'node:net';

export interface RawRequest {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export interface RawAnswer {
  readonly status: number;
  readonly location?: string;
  readonly body: string;
}

/** Makes one request on a connection of its own. Status 0 stands for a connection that ends without an answer. */
export function askRaw(host: string, port: number, request: RawRequest): Promise<RawAnswer> {
  const { method, path, authority, headers } = request;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${authority}`,
    ...headers.map(({ name, value }) => `${name}: ${value}`),
  ];
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port });
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk;
      // Envoy keeps the connection of its own answers for a while.
      if (isWhole(text)) socket.destroy();
    });
    socket.on('close', () => resolve(parseAnswer(text)));
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
  return length === undefined
    ? !/^transfer-encoding:/im.test(text.slice(0, end))
    : text.length >= end + 4 + Number(length);
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const location = /^location: (.*)\r$/im.exec(text)?.[1];
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0),
    ...(location === undefined ? {} : { location }),
    body: end < 0 ? '' : text.slice(end + 4),
  };
}
