/** What every service of the bookshop is made of: JSON over HTTP, and calls of others through the mesh. */
import { createServer, type IncomingHttpHeaders, request } from 'node:http';

export interface Incoming {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Headers that a service passes on, so that rules can ask for them anywhere in the mesh. */
const passedOn = ['x-user', 'x-chaos', 'x-request-id'];

/** Serves on HOST and PORT until SIGTERM, and then finishes what it has begun. */
export function serve(handle: (incoming: Incoming) => Promise<Answer> | Answer): void {
  const { HOST: host = '127.0.0.1', PORT: port = '9080' } = process.env;
  const server = createServer(async ({ url = '/', headers }, response) => {
    const { status, body } = await answer(() => handle({ path: url, headers }));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(body)}\n`);
  });
  server.listen(Number(port), host, () => console.log(`listening on ${host}:${port}`));
  process.on('SIGTERM', () => server.close());
}

async function answer(handle: () => Promise<Answer> | Answer): Promise<Answer> {
  try {
    return await handle();
  } catch (error) {
    return { status: 502, body: { error: (error as Error).message } };
  }
}

/**
 * Calls another service by the name that it has in the mesh. The sidecar is an HTTP proxy: the request goes there, with
 * its whole URL, and the sidecar decides where it ends.
 */
export function call(url: string, { headers }: Incoming): Promise<Answer> {
  const proxy = process.env.HTTP_PROXY;
  const target = new URL(proxy ?? url);
  const forwarded = Object.fromEntries(passedOn.flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])));
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: target.hostname,
        port: target.port || 80,
        path: proxy === undefined ? new URL(url).pathname : url,
        headers: { ...forwarded, host: new URL(url).host },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: bodyOf(chunks) }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function bodyOf(chunks: readonly Buffer[]): unknown {
  const text = Buffer.concat(chunks).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
