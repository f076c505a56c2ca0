/**
 * A proxy of plain HTTP that goes wrong as it is told, between whoever asks and a server that answers each request as a
 * whole: a Consul agent, a Nomad agent.
 *
 *      control plane ─► fault proxy ─► server
 *                        ▲ faults, each for the requests that it is about
 */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request, as far as faults choose by it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** What a server answered, or what is sent in its place. */
export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly body: string;
}

/** What goes wrong with requests; the first fault that fits is the one that acts. */
export interface Fault {
  /** All of them when absent. */
  readonly on?: (asked: Asked) => boolean;
  /** Answers in the server's place, without asking it. */
  readonly answer?: (response: ServerResponse) => void;
  /** From what the server answered to what is sent; holds for requests that are under way already, too. */
  readonly bend?: (answer: Answer, asked: Asked) => Answer;
}

export interface HttpFaultProxy {
  readonly url: URL;
  /** Lets something go wrong from now on, until what it yields is called. */
  inject(fault: Fault): () => void;
  /** Ends all faults, and listens again. Requests that hang are let go. */
  heal(): Promise<void>;
  /** Nobody listens any more, and connections are reset, those to the server too. */
  refuse(): Promise<void>;
  /** Resets the connections of all requests that wait for an answer; yields how many. */
  breakOpen(): number;
  /** How many requests met a fault since the last `inject`. */
  readonly met: number;
  /** Requests since the last `inject`. */
  readonly asked: readonly Asked[];
  /** How many connections there are now. */
  readonly connections: number;
  close(): Promise<void>;
}

export async function startHttpFaultProxy(upstream: URL): Promise<HttpFaultProxy> {
  const faults = new Set<Fault>();
  const waiting = new Set<ServerResponse>();
  const agent = new Agent({ keepAlive: true });
  let [met, connections] = [0, 0];
  let asked: Asked[] = [];
  const faultOf = (one: Asked) => [...faults].find(({ on }) => on?.(one) ?? true);

  const pass = async (incoming: IncomingMessage, response: ServerResponse, one: Asked) => {
    const { method, url = '/', headers } = incoming;
    const outgoing = request(new URL(url, upstream), {
      method,
      headers: { ...headers, host: upstream.host, 'accept-encoding': 'identity' },
      agent,
    });
    incoming.pipe(outgoing);
    response.on('close', () => outgoing.destroy());
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...told } = answer.headers;
    const whole: Answer = { status: answer.statusCode ?? 502, headers: told, body: await text(answer) };
    const bend = faultOf(one)?.bend;
    if (bend !== undefined) met += 1;
    const { status, headers: sent, body } = bend?.(whole, one) ?? whole;
    for (const [name, value] of Object.entries(sent)) if (value !== undefined) response.setHeader(name, value);
    response.writeHead(status).end(body);
  };

  const server = createServer((incoming, response) => {
    const { pathname: path, searchParams: query } = new URL(incoming.url ?? '/', upstream);
    const one = { method: incoming.method ?? '', path, query };
    asked.push(one);
    waiting.add(response);
    response.on('close', () => waiting.delete(response));
    const answer = faultOf(one)?.answer;
    if (answer !== undefined) {
      met += 1;
      incoming.resume();
      answer(response);
      return;
    }
    // The server is away: so is the proxy.
    pass(incoming, response, one).catch(() => response.destroy());
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('connection', (socket) => {
    connections += 1;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      connections -= 1;
    });
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const refuse = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    agent.destroy();
    await closed;
  };
  const breakOpen = () => {
    const broken = [...waiting];
    for (const response of broken) response.socket?.resetAndDestroy();
    return broken.length;
  };
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    inject(fault) {
      faults.add(fault);
      met = 0;
      asked = [];
      return () => faults.delete(fault);
    },
    async heal() {
      faults.clear();
      if (server.listening) breakOpen();
      else await listen(port);
    },
    refuse,
    breakOpen,
    get met() {
      return met;
    },
    get asked() {
      return asked;
    },
    get connections() {
      return connections;
    },
    async close() {
      await refuse();
    },
  };
}
