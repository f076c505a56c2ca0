/**
 * An HTTP proxy between a control plane and an apiserver that goes wrong as it is told. It listens on loopback, in plain
 * HTTP; to the apiserver it speaks TLS. Lists are read whole, watches pass line by line.
 *
 *      control plane ─► fault proxy ─► apiserver
 *                        ▲ faults, each for the requests that it is about
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { LineSplitter } from '../../../src/lib/line-splitter.ts';

/** A request, as far as faults choose by it. */
export interface Asked {
  readonly path: string;
  /** The last part of the path: `endpointslices`. */
  readonly resource: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
  readonly token: string;
}

/** What goes wrong with requests; what a fault does not state goes well. The first fault that fits is the one that acts. */
export interface Fault {
  readonly on: (asked: Asked) => boolean;
  /** Answers in the apiserver's place. */
  readonly answer?: (response: ServerResponse) => void;
  /** From the body of an answer that is no watch to what is sent of it. */
  readonly body?: (body: string, asked: Asked) => string;
  /** From a line of a watch to those that are sent in its place; holds for watches that are open already, too. */
  readonly line?: (line: string, asked: Asked) => readonly string[];
  /** The token that the apiserver sees. */
  readonly token?: string;
  /** How many objects a page holds at most, where pages are asked for. */
  readonly pageSize?: number;
}

export interface FaultProxy {
  readonly url: URL;
  /** Lets something go wrong from now on, until what it yields is called. */
  inject(fault: Fault): () => void;
  /** Ends all faults. What they have broken stays broken: streams without a word, answers that do not come. */
  heal(): void;
  /** How many requests and lines met a fault since the last call of `inject`. */
  readonly met: number;
  /** Requests since the last call of `inject`. */
  readonly asked: readonly Asked[];
  /** Breaks off the open watches that a choice is about, as a network does. Yields how many. */
  breakWatches(on?: (asked: Asked) => boolean): number;
  close(): Promise<void>;
}

export interface Upstream {
  readonly url: string;
  readonly ca: string;
  readonly adminToken: string;
}

export async function startFaultProxy(upstream: Upstream): Promise<FaultProxy> {
  const faults = new Set<Fault>();
  const watches = new Map<ServerResponse, Asked>();
  const agent = new Agent({ keepAlive: true, ca: upstream.ca });
  let met = 0;
  let asked: Asked[] = [];
  const faultOf = (one: Asked) => [...faults].find(({ on }) => on(one));

  const pass = async (incoming: IncomingMessage, response: ServerResponse, one: Asked) => {
    const options: RequestOptions = {
      method: incoming.method,
      headers: {
        ...incoming.headers,
        host: new URL(upstream.url).host,
        authorization: `Bearer ${faultOf(one)?.token ?? one.token}`,
      },
      agent,
    };
    const { pageSize } = faultOf(one) ?? {};
    const query = new URLSearchParams(one.query);
    if (pageSize !== undefined && query.has('limit')) query.set('limit', String(pageSize));
    const outgoing = request(`${upstream.url}${one.path}?${query}`, options);
    incoming.pipe(outgoing);
    response.on('close', () => outgoing.destroy());
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...headers } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, headers);
    if (one.isWatch && answer.statusCode === 200) await follow(answer, response, one);
    else {
      const body = await text(answer);
      const bend = faultOf(one)?.body;
      if (bend !== undefined) met += 1;
      response.end(bend === undefined ? body : bend(body, one));
    }
  };

  const follow = async (answer: IncomingMessage, response: ServerResponse, one: Asked) => {
    response.flushHeaders();
    const splitter = new LineSplitter();
    for await (const chunk of answer) {
      if (response.destroyed) return;
      const lines = splitter.push(chunk as Buffer).flatMap((line) => {
        const bend = faultOf(one)?.line;
        if (bend === undefined) return [`${line}\n`];
        met += 1;
        return bend(line, one);
      });
      if (lines.length > 0) response.write(lines.join(''));
    }
    response.end();
  };

  const server = createServer((incoming, response) => {
    const one = read(incoming);
    asked.push(one);
    if (one.isWatch) {
      watches.set(response, one);
      response.on('close', () => watches.delete(response));
    }
    const answer = faultOf(one)?.answer;
    if (answer !== undefined) {
      met += 1;
      incoming.resume();
      answer(response);
      return;
    }
    // The apiserver is away: so is the proxy.
    pass(incoming, response, one).catch(() => response.destroy());
  });
  // Nobody who goes away is an error here.
  server.on('clientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    inject(fault) {
      faults.add(fault);
      met = 0;
      asked = [];
      return () => faults.delete(fault);
    },
    heal: () => faults.clear(),
    get met() {
      return met;
    },
    get asked() {
      return asked;
    },
    breakWatches(on = () => true) {
      const broken = [...watches].filter(([, one]) => on(one));
      for (const [response] of broken) response.destroy();
      return broken.length;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

function read({ url = '/', headers }: IncomingMessage): Asked {
  const { pathname: path, searchParams: query } = new URL(url, 'http://proxy');
  return {
    path,
    resource: path.slice(path.lastIndexOf('/') + 1),
    query,
    isWatch: query.get('watch') === 'true',
    token: (headers.authorization ?? '').replace('Bearer ', ''),
  };
}
