/**
 * The application of a pod. It knows nothing of a mesh: it listens on its ports and calls others by their names.
 *
 *      node application-program.ts --name reviews-v1 --http 9080 --http2 9081 --tcp 9000 --greet 3306 --peer 9002 --web-socket 9090
 */
import { lookup } from 'node:dns/promises';
import { Agent } from 'node:http';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  type Application,
  startHttp2Application,
  startHttpApplication,
  startTcpApplication,
} from '../../envoy/support/application.ts';
import { type Answer, call, greeting, landing } from '../../envoy/support/call.ts';
import { callHttp2 } from '../../envoy/support/http2-call.ts';
import type { Commands, LoadReport, Outcome, PlainCall, Question, Reaction, Tally, Target } from './commands.ts';
import { echoedByWebSocket, startWebSocketServer } from './web-socket.ts';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'application' },
    http: { type: 'string', multiple: true, default: [] },
    http2: { type: 'string', multiple: true, default: [] },
    tcp: { type: 'string', multiple: true, default: [] },
    peer: { type: 'string', multiple: true, default: [] },
    greet: { type: 'string', multiple: true, default: [] },
    'web-socket': { type: 'string', multiple: true, default: [] },
  },
});
const { name } = values;
/** Both families. */
const address = '::';

const startedOf = (ports: readonly string[], start: (options: Place) => Promise<Application>) =>
  Promise.all(ports.map((port) => start({ name, address, port: Number(port) })));

interface Place {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

const applications = [
  ...(await startedOf(values.http, startHttpApplication)),
  ...(await startedOf(values.http2, startHttp2Application)),
  ...(await startedOf(values.greet, startTcpApplication)),
];
for (const port of values.tcp) createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(+port);
// Says the address that a connection comes from.
for (const port of values.peer)
  createServer((socket) =>
    socket.on('error', () => {}).end(`${socket.remoteAddress?.replace('::ffff:', '')}\n`),
  ).listen(+port);
for (const port of values['web-socket']) startWebSocketServer(name, Number(port));

let load: { readonly report: () => LoadReport; readonly stop: () => Promise<void> } | undefined;

type Running = {
  readonly [Name in keyof Commands]: (
    what: Parameters<Commands[Name]>[0],
  ) => ReturnType<Commands[Name]> | Promise<ReturnType<Commands[Name]>>;
};

const commands: Running = {
  call: (what) => outcomeOf(what, new Agent({ keepAlive: false })),
  async callMany({ count, ...what }) {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const tally: Record<string, number> = {};
    let left = count;
    const caller = async () => {
      while (left-- > 0) add(tally, (await outcomeOf(what, agent)).landing);
    };
    await Promise.all([caller(), caller(), caller(), caller()]);
    agent.destroy();
    return tally;
  },
  async callHttp2({ host, port, path, isGrpc }) {
    const { status, seen, headers, trailers } = await callHttp2(
      { host, port, isProxy: false },
      {
        authority: `${host}:${port}`,
        path,
        headers: isGrpc ? { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' } : {},
      },
    );
    const grpcStatus = String(trailers['grpc-status'] ?? headers['grpc-status'] ?? '');
    return { landing: seen?.app ?? String(status), version: seen?.version ?? '', grpcStatus };
  },
  greet: (what) => greeting(what),
  echo: ({ text, ...target }) => echoed(target, text),
  webSocket: ({ url, text }) => echoedByWebSocket(url, text),
  resolve: async ({ name: host, family = 0 }) =>
    lookup(host, { all: true, family }).then(
      (found) => found.map((one) => one.address),
      (error: NodeJS.ErrnoException) => [error.code ?? error.message],
    ),
  behave({ reply, count = Number.POSITIVE_INFINITY }) {
    for (const one of applications) one.behave((_, number) => (number <= count ? reply : {}));
  },
  received: () => applications.flatMap(({ received }) => received),
  forget() {
    for (const one of applications) one.reset();
  },
  startLoad(what) {
    if (load !== undefined) throw new Error('expected no load, found one');
    load = startLoad(what);
  },
  lookAtLoad() {
    if (load === undefined) throw new Error('expected a load, found none');
    return load.report();
  },
  async stopLoad() {
    if (load === undefined) throw new Error('expected a load, found none');
    const { stop, report } = load;
    load = undefined;
    await stop();
    return report();
  },
};

function add(tally: Record<string, number>, what: string): void {
  tally[what] = (tally[what] ?? 0) + 1;
}

async function outcomeOf(what: PlainCall, agent: Agent): Promise<Outcome> {
  const { hostname, port } = new URL(what.url);
  const startedMs = performance.now();
  const entry = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port), isProxy: false };
  try {
    const answer = await call(entry, { ...what, agent });
    const { status, seen, durationMs } = answer;
    return {
      landing: landing(answer),
      status,
      headers: plain(answer),
      durationMs,
      ...(seen === undefined ? {} : { seen }),
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { landing: code ?? message, status: 0, headers: {}, durationMs: performance.now() - startedMs };
  }
}

const plain = ({ headers }: Answer): Outcome['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)]));

/** Between two calls over one connection, in milliseconds: what is told to a mesh is to be busy, not its machine. */
const pauseMs = 5;

function startLoad(what: PlainCall): NonNullable<typeof load> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const startedMs = performance.now();
  const tally: Record<string, number> = {};
  const firstMs: Record<string, number> = {};
  let isStopped = false;
  const caller = async () => {
    while (!isStopped) {
      const { landing } = await outcomeOf(what, agent);
      add(tally, landing);
      firstMs[landing] ??= Math.round(performance.now() - startedMs);
      await sleep(pauseMs);
    }
  };
  const callers = Promise.all([caller(), caller(), caller(), caller()]);
  return {
    report: (): { tally: Tally; firstMs: Tally } => ({ tally, firstMs }),
    async stop() {
      isStopped = true;
      await callers;
      agent.destroy();
    },
  };
}

function echoed({ host, port }: Target, text: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect({ host, port }, () => socket.write(text));
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', (chunk) => {
      heard += chunk;
      if (heard.length >= text.length) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
  });
}

process.on('message', async ({ id, command, what }: Question) => {
  const answer = (reaction: Reaction) => process.send?.(reaction);
  try {
    answer({
      id,
      result: await (commands[command] as (what: Question['what']) => ReturnType<Commands[keyof Commands]>)(what),
    });
  } catch (error) {
    answer({ id, error: String(error) });
  }
});

// As most do: what is under way is let end.
process.on('SIGTERM', async () => {
  await Promise.all(applications.map((one) => one.close()));
  process.exit(0);
});
