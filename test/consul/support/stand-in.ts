/**
 * A server that answers as newer versions of Consul do than the one that tests can have. What it says is taken from Consul's
 * sources: bodies of `agent/consul/rate/handler.go` and `agent/http.go`, headers of `parseQueryMeta` and fields of
 * `CatalogService` and `AgentService` in `api/` (1.15 to 1.22). Blocking queries behave as test/consul/server.test.ts
 * finds them.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What newer versions say when they have too much to do. */
export const refusals = {
  /** Of the server's rate limit (1.14 and later). */
  limited: { status: 429, body: 'rate limit exceeded, try again later or against a different server' },
  /** The same where only the leader could answer. */
  leaderLimited: {
    status: 503,
    body: 'rate limit exceeded for operation that can only be performed by the leader, try again later',
  },
  /** Of an agent's own limit towards its servers. */
  clientLimited: { status: 429, body: '' },
  /** Of `http_max_conns_per_client`, where the connection is not just reset. */
  tooManyConnections: {
    status: 429,
    body: 'Your IP is issuing too many concurrent connections, please rate limit your calls\n',
  },
} as const;

export interface StandIn {
  readonly url: URL;
  /** Makes these the instances of a service, whole elements of `/v1/health/service`. None: the service is gone. */
  set(name: string, instances: readonly object[]): void;
  /** Says that to everything from now on; undefined for the truth. Queries that wait are not concerned. */
  refuse(refusal: { readonly status: number; readonly body: string } | undefined): void;
  /** Adds headers to answers of 200 from now on. */
  tell(headers: { readonly [name: string]: string }): void;
  /** Paths with queries, the oldest first. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

interface Service {
  readonly instances: readonly object[];
  readonly index: number;
}

/** How long a query waits for a change, in milliseconds, if that is less than what it asks for. */
const mostWaitMs = 10_000;

export async function startStandIn(): Promise<StandIn> {
  const services = new Map<string, Service>();
  const changed = new EventTarget();
  const asked: string[] = [];
  let index = 20;
  let namesIndex = index;
  let refusal: { readonly status: number; readonly body: string } | undefined;
  let headers: { readonly [name: string]: string } = {};

  /** What is true now of what a path asks for, and since which index. */
  const truth = (path: string): { readonly index: number; readonly body: unknown } | undefined => {
    const name = /^\/v1\/health\/service\/([^/]+)$/.exec(path)?.[1];
    if (name !== undefined) {
      const service = services.get(decodeURIComponent(name).toLowerCase());
      return { index: service?.index ?? 12, body: service?.instances ?? [] };
    }
    if (path !== '/v1/catalog/services') return undefined;
    const names = [...services].filter(([, { instances }]) => instances.length > 0).map(([found]) => [found, []]);
    return { index: namesIndex, body: Object.fromEntries(names) };
  };

  const answer = async ({ url = '/' }: IncomingMessage, response: ServerResponse) => {
    asked.push(url);
    const { pathname: path, searchParams: query } = new URL(url, 'http://consul');
    if (refusal !== undefined) {
      response.writeHead(refusal.status, { 'content-type': 'text/plain; charset=utf-8' }).end(refusal.body);
      return;
    }
    const known = Number(query.get('index') ?? 0);
    const deadline = AbortSignal.timeout(Math.min(mostWaitMs, milliseconds(query.get('wait') ?? '5m')));
    response.on('close', () => changed.dispatchEvent(new Event('change')));
    while (known > 0 && (truth(path)?.index ?? Infinity) <= known && !deadline.aborted && !response.destroyed)
      await Promise.race([once(changed, 'change'), once(deadline, 'abort')]);
    const found = truth(path);
    if (found === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': 'application/json',
      'x-consul-index': String(found.index),
      'x-consul-knownleader': 'true',
      'x-consul-lastcontact': '0',
      'x-consul-default-acl-policy': 'allow',
      ...(known > 0 && path.startsWith('/v1/health/') ? { 'x-consul-query-backend': 'streaming' } : {}),
      ...headers,
    });
    response.end(JSON.stringify(found.body));
  };

  const server = createServer((incoming, response) => void answer(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    set(name, instances) {
      index += 1;
      namesIndex = index;
      services.set(name, { instances, index });
      changed.dispatchEvent(new Event('change'));
    },
    refuse(next) {
      refusal = next;
    },
    tell(more) {
      headers = more;
    },
    asked,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function milliseconds(duration: string): number {
  const [, count = '0', unit = ''] = /^(\d+)(ms|s|m)$/.exec(duration) ?? [];
  return Number(count) * ({ ms: 1, s: 1000, m: 60_000 }[unit] ?? 0);
}

/** An instance with all that newer versions add to it. */
export function newerInstance(id: string, address: string, port: number): object {
  return {
    Node: {
      ID: '0b5f1a9e-8a62-4a2b-9e1c-2f6f6c2f7d11',
      Node: 'node-1',
      Address: '127.0.0.1',
      Datacenter: 'dc1',
      Partition: 'default',
      PeerName: '',
      TaggedAddresses: { lan: '127.0.0.1', wan: '127.0.0.1' },
      Meta: { 'consul-network-segment': '', 'consul-version': '1.22.0' },
      Locality: { Region: 'north', Zone: 'north-1' },
    },
    Service: {
      ID: id,
      Service: 'newer',
      Kind: '',
      Tags: ['blue'],
      Address: address,
      SocketPath: '',
      Meta: { version: 'v2' },
      Port: port,
      Ports: [
        { Name: 'http', Port: port, Default: true },
        { Name: 'admin', Port: 0, Default: false },
      ],
      Weights: { Passing: 1, Warning: 1 },
      EnableTagOverride: false,
      Proxy: { Mode: '', MeshGateway: {}, Expose: {} },
      Connect: {},
      Locality: { Region: 'north', Zone: 'north-2' },
      PeerName: '',
      Namespace: 'default',
      Partition: 'default',
    },
    Checks: [
      {
        CheckID: `service:${id}`,
        Name: 'state',
        Status: 'passing',
        ServiceID: id,
        ServiceName: 'newer',
        Namespace: 'default',
        ExposedPort: 0,
        Interval: '',
        Timeout: '',
      },
    ],
  };
}
