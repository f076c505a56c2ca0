/** What every service of the bakery is made of: JSON over HTTP, and calls of others through the mesh. */
import { createServer, get } from 'node:http';

const { HOST: host = '127.0.0.1', PORT: port = '9080', HTTP_PROXY: proxy } = process.env;

/** Answers every request with what `answer` yields; with 502 when another service does not answer. */
export function serve(answer: () => Promise<object> | object): void {
  const server = createServer(async (_, response) => {
    const [status, body] = await Promise.resolve()
      .then(answer)
      .then(
        (found) => [200, found] as const,
        (error: Error) => [502, { error: error.message }] as const,
      );
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(body)}\n`);
  });
  server.listen(Number(port), host, () => console.log(`listening on ${host}:${port}`));
  process.on('SIGTERM', () => server.close());
}

/** Asks another service by a name that it has in the mesh: the request goes to the sidecar, which is an HTTP proxy. */
export function ask(url: string): Promise<unknown> {
  const target = new URL(proxy ?? url);
  const path = proxy === undefined ? new URL(url).pathname : url;
  return new Promise((resolve, reject) => {
    const asked = { host: target.hostname, port: target.port || 80, path, headers: { host: new URL(url).host } };
    get(asked, async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('');
      if (response.statusCode === 200) resolve(JSON.parse(text));
      else reject(new Error(`${url}: ${response.statusCode} ${text.trim()}`));
    }).on('error', reject);
  });
}
