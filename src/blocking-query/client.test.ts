import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { issue } from '../../test/support/certificates.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { systemClock } from '../lib/clock.ts';
import { type Credentials, fixedCredentials, type ServerTrust } from '../lib/server-access.ts';
import { watchedText } from '../lib/watched-text.ts';
import { type Query, QueryClient, type QueryClientOptions, QueryError } from './client.ts';

type Answer = (response: ServerResponse, incoming: IncomingMessage) => void;

interface ClientSettings extends Partial<QueryClientOptions> {
  readonly credentials?: Credentials;
  readonly trust?: ServerTrust;
}

async function listen(test: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function clientOf(test: TestContext, url: string, settings: ClientSettings): QueryClient {
  const { credentials = fixedCredentials({}), trust = { authorities: async () => undefined, isUnverified: false } } =
    settings;
  const access = { server: new URL(url), trust, credentials };
  const client = new QueryClient({ api: 'Consul', access, userAgent: 'fairway/test', answerMs: 300, ...settings });
  test.after(() => client.close());
  return client;
}

/** A client of a server that gives one answer to everything. */
async function ask(test: TestContext, answer: Answer, settings: ClientSettings = {}) {
  const port = await listen(
    test,
    createServer((incoming, response) => answer(response, incoming)),
  );
  const client = clientOf(test, `http://127.0.0.1:${port}`, settings);
  return (query: Partial<Query> = {}) => client.get({ path: '/v1/x', ...query });
}

describe('an answer', () => {
  function check(name: string, headers: { readonly [name: string]: string }, expected: readonly unknown[]): void {
    it(name, async (test) => {
      const get = await ask(test, (response) => response.writeHead(200, headers).end('[1]'));
      const { value, index, hasLeader, isFiltered } = await get();
      assert.deepEqual([value, index, hasLeader, isFiltered], [[1], ...expected]);
    });
  }
  check('has an index and a leader', { 'X-Consul-Index': '17', 'X-Consul-Knownleader': 'true' }, [17, true, false]);
  check('may come from a server without a leader', { 'X-Consul-KnownLeader': 'false' }, [undefined, false, false]);
  check('may lack things', { 'X-Consul-Results-Filtered-By-ACLs': 'true' }, [undefined, true, true]);
  for (const index of ['-1', 'x', '1.5', '18446744073709551615'])
    check(`has no index of ${index}`, { 'X-Consul-Index': index }, [undefined, true, false]);
  check('has an index of 0', { 'X-Consul-Index': '0' }, [0, true, false]);

  it('of Nomad is read by the names of its headers', async (test) => {
    const headers = { 'X-Nomad-Index': '5', 'X-Nomad-Knownleader': 'false', 'X-Consul-Index': '7' };
    const get = await ask(test, (response) => response.writeHead(200, headers).end('[]'), { api: 'Nomad' });
    assert.deepEqual(await get(), { value: [], index: 5, hasLeader: false, isFiltered: false });
  });

  it('may be compressed', async (test) => {
    const get = await ask(test, (response, { headers }) => {
      assert.equal(headers['accept-encoding'], 'gzip');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":[]}'));
    });
    assert.deepEqual((await get()).value, { a: [] });
  });
});

it('a question says how long it waits, and for what', async (test) => {
  let url: string | undefined;
  const get = await ask(test, (response, incoming) => {
    ({ url } = incoming);
    response.end('[]');
  });
  await get({ path: '/v1/a%20b', parameters: { dc: 'dc 2', tag: ['a', 'b'] }, wait: { index: 7, ms: 60_000 } });
  assert.equal(url, '/v1/a%20b?dc=dc+2&tag=a&tag=b&index=7&wait=60000ms');
});

describe('what is no good answer', () => {
  function check(name: string, answer: Answer, message: RegExp, settings: ClientSettings = {}): void {
    it(`${name} is a clear error`, async (test) => {
      const get = await ask(test, answer, settings);
      await assert.rejects(get(), { message });
    });
  }
  check(
    'a page in HTML',
    (response) => response.end('<html>\n<body>Welcome'),
    /^expected JSON from \/v1\/x, found "<html>"$/,
  );
  check('nothing', (response) => response.end(), /^expected JSON from \/v1\/x, found nothing$/);
  check(
    'one that is cut',
    (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('[');
      setTimeout(() => response.destroy(), 20);
    },
    /^the answer broke off: /,
  );
  check(
    'one whose connection is closed before it',
    (response) => response.destroy(),
    /^cannot reach http:\/\/127\.0\.0\.1:\d+: socket hang up$/,
  );
  check(
    'one that is half closed',
    (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('[');
      setTimeout(() => response.socket?.end(), 20);
    },
    /^the answer broke off: /,
  );
  check('one that never begins', () => {}, /: no answer within 0\.3 s$/);
  check('one that stops', (response) => response.write('['), /^the answer broke off: nothing more within 0\.3 s$/);
  check(
    'one that never ends',
    (response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    },
    /^the answer broke off: not whole within 4 s$/,
    { answerMs: 1000 },
  );
  check(
    'one that is too large',
    (response) => response.end(JSON.stringify('x'.repeat(100))),
    /^the answer broke off: expected at most 50 bytes, found more$/,
    { mostBytes: 50 },
  );
  check(
    'an error as text',
    (response) => response.writeHead(500).end('No cluster leader\nmore'),
    /^HTTP 500: No cluster leader$/,
  );
  check('an error that says nothing', (response) => response.writeHead(404).end(), /^HTTP 404$/);
  check(
    'a redirection',
    (response) => response.writeHead(301, { location: '/ui/' }).end('<a href="/ui/">Moved</a>'),
    /^HTTP 301: <a href="\/ui\/">Moved<\/a>$/,
  );

  for (const [header, expected] of [
    ['7', 7000],
    ['soon', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ] as const)
    it(`asks to be left alone for ${expected} ms by a Retry-After of ${header}`, async (test) => {
      const get = await ask(test, (response) =>
        response.writeHead(429, header === undefined ? {} : { 'retry-after': header }).end('rate limit exceeded'),
      );
      const error = await get().catch((found: unknown) => found);
      assert.ok(error instanceof QueryError);
      assert.deepEqual([error.status, error.retryAfterMs], [429, expected]);
    });
});

it('connections are kept, and no more are made than is said', async (test) => {
  const sockets = new Set<unknown>();
  let now = 0;
  let most = 0;
  const get = await ask(
    test,
    (response, { socket }) => {
      sockets.add(socket);
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        response.end('[]');
      }, 10);
    },
    { mostConnections: 3 },
  );
  for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 3 }, () => get()));
  await Promise.all(Array.from({ length: 12 }, () => get()));
  assert.deepEqual([most, sockets.size], [3, 3]);
});

it('a question that is given up ends at once', async (test) => {
  const get = await ask(test, () => {});
  const stop = new AbortController();
  const asked = get({ signal: stop.signal, wait: { index: 1, ms: 60_000 } });
  setTimeout(() => stop.abort(), 20);
  await assert.rejects(asked, /aborted/);
});

it('a token that is refused is read again', async (test) => {
  const path = join(tempFolder(test).path, 'token');
  writeFileSync(path, 'old\n');
  const token = watchedText(path, systemClock);
  const get = await ask(
    test,
    (response, { headers }) => {
      if (headers.authorization === 'Bearer new') response.end('[]');
      else response.writeHead(403).end('ACL not found');
    },
    { credentials: { current: async () => ({ token: await token.read() }), refused: () => token.forget() } },
  );
  await assert.rejects(get(), { message: 'HTTP 403: ACL not found' });
  writeFileSync(path, 'new\n');
  await get();
});

describe('TLS', () => {
  const authority = issue({ name: 'authority', isAuthority: true });
  const server = issue({ name: 'server.dc1.consul', altNames: ['server.dc1.consul'], issuer: authority.signer });
  const own = issue({ name: 'fairway', issuer: authority.signer });

  async function secure(test: TestContext, trust: Partial<ServerTrust>) {
    let asker: string | undefined;
    const port = await listen(
      test,
      createTlsServer(
        { cert: server.certificate, key: server.key, ca: authority.certificate, requestCert: true },
        (incoming, response) => {
          const { subject } = (incoming.socket as TLSSocket).getPeerCertificate();
          asker = String(subject.CN);
          response.end('[]');
        },
      ),
    );
    const client = clientOf(test, `https://127.0.0.1:${port}`, {
      credentials: fixedCredentials({ certificate: own.certificate, key: own.key }),
      trust: { authorities: async () => authority.certificate, isUnverified: false, ...trust },
    });
    await client.get({ path: '/v1/x' });
    return asker;
  }

  it('has a certificate of ours, and a name that the server must bear', async (test) => {
    assert.equal(await secure(test, { serverName: 'server.dc1.consul' }), 'fairway');
  });

  it('is refused of a server with another name', async (test) => {
    await assert.rejects(secure(test, {}), /cannot reach https:.*altnames/);
  });

  it('is refused of a server whose authority is not known', async (test) => {
    const trust = { serverName: 'server.dc1.consul', authorities: async () => undefined };
    await assert.rejects(secure(test, trust), /cannot reach https:.*(self-signed|issuer|verify)/);
  });
});
