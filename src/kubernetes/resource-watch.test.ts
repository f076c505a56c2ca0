/** The rules of a watch in orders that no real apiserver can be made to follow; test/kubernetes/ has the real one. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { recordingSink } from '../../test/support/recording-sink.ts';
import { until } from '../../test/support/until.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { silent } from '../lib/log.ts';
import { fixedCredentials } from '../lib/server-access.ts';
import { ApiClient } from './api-client.ts';
import { InstalledKinds } from './installed-kinds.ts';
import { resourceWatch, type WatchTimes } from './resource-watch.ts';

type Answer = (response: ServerResponse, query: URLSearchParams) => void;

const services = { name: 'services', group: '', kind: 'Service', paths: ['/api/v1/services'] };
const metadata = (name: string, version: string) => ({ name, namespace: 'shop', uid: name, resourceVersion: version });
const list = (version: string, ...names: readonly string[]): string =>
  JSON.stringify({
    metadata: { resourceVersion: version },
    items: names.map((name) => ({ metadata: metadata(name, '1') })),
  });
const event = (type: string, name: string, version: string) =>
  `${JSON.stringify({ type, object: { metadata: metadata(name, version) } })}\n`;

/** Runs a source against a server that gives these answers; what it was asked is `list`, or `watch` and from where. */
async function run(
  context: TestContext,
  { onList, onWatch }: { readonly onList: Answer; readonly onWatch: Answer },
  times: Partial<WatchTimes> = {},
  clock: Clock = systemClock,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { searchParams: query } = new URL(request.url ?? '/', 'http://server');
    const isWatch = query.has('watch');
    asked.push(isWatch ? `watch ${query.get('resourceVersion')}` : 'list');
    (isWatch ? onWatch : onList)(response, query);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const access = {
    server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    trust: { authorities: async () => undefined, isUnverified: false },
    credentials: fixedCredentials({}),
  };
  const client = new ApiClient({ access, userAgent: 'test', timeoutMs: 500 });
  const sink = recordingSink();
  const stop = new AbortController();
  const source = resourceWatch({
    client,
    name: 'services',
    resource: services,
    installed: new InstalledKinds(),
    log: silent,
    clock,
    times: { retry: { firstMs: 10, mostMs: 20 }, ...times },
  });
  const ended = source.run(sink, stop.signal);
  context.after(async () => {
    stop.abort();
    server.closeAllConnections();
    server.close();
    client.close();
    await ended;
  });
  return { sink, asked };
}

const open = (response: ServerResponse, text = '') => {
  response.writeHead(200).flushHeaders();
  if (text !== '') response.write(text);
};

describe('a watch', () => {
  it('that ends as soon as it has said something is not made again without a pause', async (context) => {
    const { asked } = await run(
      context,
      {
        onList: (response) => response.end(list('5')),
        onWatch: (response) => response.end(event('BOOKMARK', 'x', '6')),
      },
      { retry: { firstMs: 400, mostMs: 400 } },
    );
    await until(() => asked.length >= 4, { what: 'two more watches' });
    const [count, startedAtMs] = [asked.length, performance.now()];
    await until(() => asked.length >= count + 2, { what: 'two more watches' });
    assert.ok(performance.now() - startedAtMs > 600, 'expected a pause before each');
  });

  it('goes on from a bookmark', async (context) => {
    let watches = 0;
    const { asked } = await run(context, {
      onList: (response) => response.end(list('5')),
      onWatch: (response) => {
        watches += 1;
        if (watches === 1) response.end(event('BOOKMARK', 'x', '17'));
        else open(response);
      },
    });
    await until(() => asked.length >= 3, { what: 'another watch' });
    assert.deepEqual(asked, ['list', 'watch 5', 'watch 17']);
  });

  it('in which an object that is gone comes again does not bring it back', async (context) => {
    let lists = 0;
    const { sink, asked } = await run(context, {
      onList: (response) => {
        lists += 1;
        response.end(lists === 1 ? list('5', 'a') : list('9'));
      },
      onWatch: (response, query) =>
        open(
          response,
          query.get('resourceVersion') === '5' ? event('DELETED', 'a', '8') + event('ADDED', 'a', '7') : '',
        ),
    });
    await until(() => asked.includes('watch 9'), { what: 'a watch after the second list' });
    assert.deepEqual(asked, ['list', 'watch 5', 'list', 'watch 9']);
    assert.deepEqual(sink.takeChanges(), ['+ Service shop/a', '- Service shop/a']);
  });

  it('that the server refuses for an absurd time is tried again after a minute', async (context) => {
    const clock = fakeClock();
    // More milliseconds than a timer takes would be none at all.
    const onWatch: Answer = (response) => response.writeHead(429, { 'retry-after': '99999999' }).end();
    const { asked } = await run(context, { onList: (response) => response.end(list('5')), onWatch }, {}, clock);
    await until(() => clock.pending > 0, { what: 'a pause' });
    clock.advance(59_999);
    assert.deepEqual(asked, ['list', 'watch 5']);
    clock.advance(1);
    await until(() => asked.length > 2, { what: 'another watch' });
    assert.deepEqual(asked, ['list', 'watch 5', 'watch 5']);
  });

  it('that has fallen silent leaves the source stale until a word', async (context) => {
    const responses: ServerResponse[] = [];
    const { sink } = await run(
      context,
      {
        onList: (response) => response.end(list('5', 'a')),
        onWatch: (response) => {
          responses.push(response);
          open(response);
        },
      },
      { idleMs: 150 },
    );
    await until(() => responses.length >= 3, { what: 'watches that fall silent' });
    assert.equal(sink.state, 'stale');
    responses.at(-1)?.write(event('BOOKMARK', 'x', '6'));
    await until(() => sink.state === 'live', { what: 'the source to be live' });
    assert.deepEqual(sink.objects(), ['Service shop/a']);
  });
});

describe('a list', () => {
  it('that is older than what is known is believed only if the past moves on', async (context) => {
    let [version, step] = [100, 0];
    const { sink, asked } = await run(
      context,
      {
        onList: (response) => {
          version += step;
          response.end(version < 100 ? list(String(version)) : list(String(version), 'a'));
        },
        onWatch: (response) => response.writeHead(410).end(),
      },
      { pastMs: 100 },
    );
    await until(() => sink.isSynced, { what: 'the first list' });
    version = 10;
    const before = asked.length;
    await until(() => asked.length > before + 15, { what: 'lists' });
    assert.equal(sink.state, 'stale');
    assert.deepEqual(sink.objects(), ['Service shop/a']);
    step = 1;
    await until(() => sink.objects().length === 0, { what: 'the restored server to be believed' });
  });

  it('with a nameless item takes nothing away, and is asked for again when the watch ends', async (context) => {
    let lists = 0;
    let watch: ServerResponse | undefined;
    const { sink, asked } = await run(context, {
      onList: (response) => {
        lists += 1;
        const second = JSON.stringify({ metadata: { resourceVersion: '6' }, items: [{ metadata: {} }] });
        response.end(lists === 1 ? list('5', 'a', 'b') : lists === 2 ? second : list('7', 'b'));
      },
      onWatch: (response, query) => {
        if (query.get('resourceVersion') === '5') response.writeHead(410).end();
        else {
          open(response);
          watch = response;
        }
      },
    });
    await until(() => asked.includes('watch 6'), { what: 'a watch after the second list' });
    assert.deepEqual(sink.objects(), ['Service shop/a', 'Service shop/b']);
    watch?.end(event('BOOKMARK', 'x', '6'));
    await until(() => asked.includes('watch 7'), { what: 'a third list' });
    assert.deepEqual(sink.objects(), ['Service shop/b']);
  });

  /** Lists in their order, the last one again and again; between them something happens in a watch that ends soon. */
  async function runLists(context: TestContext, lists: readonly string[]) {
    let listed = 0;
    const ran = await run(
      context,
      {
        onList: (response) => {
          listed += 1;
          response.end(lists[Math.min(listed, lists.length) - 1]);
        },
        onWatch: (response, query) => {
          const from = query.get('resourceVersion');
          if (from === '5') response.writeHead(410).end();
          else if (from === '6') {
            assert.equal(query.get('timeoutSeconds'), '2');
            open(response, event('ADDED', 'x', '7'));
            setTimeout(() => response.end(), 150);
          } else open(response);
        },
      },
      { confirmMs: 100 },
    );
    await until(() => ran.asked.includes('watch 9'), { what: 'a watch after the last list' });
    return ran;
  }
  const all = list('5', 'a', 'b', 'c', 'd');

  it('that lacks most objects takes nothing away until another one agrees, and watching goes on', async (context) => {
    const { sink, asked } = await runLists(context, [all, list('6', 'a'), list('9', 'a', 'x')]);
    assert.deepEqual(asked, ['list', 'watch 5', 'list', 'watch 6', 'list', 'watch 9']);
    assert.deepEqual(sink.takeChanges(), [
      ...['a', 'b', 'c', 'd', 'x'].map((name) => `+ Service shop/${name}`),
      ...['b', 'c', 'd'].map((name) => `- Service shop/${name}`),
    ]);
  });

  it('that lacks most objects has no effect when another one has them', async (context) => {
    const { sink } = await runLists(context, [all, list('6'), list('9', 'a', 'b', 'c', 'd', 'x')]);
    assert.deepEqual(
      sink.takeChanges(),
      ['a', 'b', 'c', 'd', 'x'].map((name) => `+ Service shop/${name}`),
    );
  });

  it('that lacks half of all objects is believed', async (context) => {
    const { sink } = await runLists(context, [all, list('9', 'a', 'b')]);
    assert.deepEqual(sink.objects(), ['Service shop/a', 'Service shop/b']);
  });
});
