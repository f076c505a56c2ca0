import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Agent } from 'node:http';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { call } from '../envoy/support/call.ts';
import { describeWithEnvoy } from '../envoy/support/suite.ts';
import { takeTestBlock } from '../envoy/support/test-blocks.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { type Fairway, startFairway } from './support/fairway.ts';
import { copyBookshop, freePort } from './support/folders.ts';

const run = promisify(execFile);

describeWithEnvoy('fairway up examples/bookshop', () => {
  let fairway: Fairway;
  let gatewayPort = 0;
  const cleanups: (() => void | Promise<void>)[] = [];
  const suite = { after: (cleanup: () => void | Promise<void>) => void cleanups.unshift(cleanup) };
  const folder = tempFolder(suite);

  before(async () => {
    const addresses = await takeTestBlock();
    suite.after(() => addresses.release());
    gatewayPort = await freePort();
    copyBookshop(folder, gatewayPort, addresses);
    const ports = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];
    fairway = startFairway(suite, ['up', folder.path, ...ports]);
    await fairway.untilSays(/save it: the mesh follows/);
  });

  after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  test('prints what runs where', () => {
    const rows = fairway
      .stdout()
      .split('\n')
      .filter((line) => /^ {2}(fulfilment|internet|shop) /.test(line))
      .map((line) => line.trim().split(/\s+/))
      .map((cells) => [cells[0], cells[1], cells.at(-1)].join(' '));
    assert.deepEqual(rows, [
      'fulfilment orders-1 ready',
      'fulfilment stock-1 ready',
      'internet isbn-1 ready',
      'shop catalog-1 ready',
      'shop ingress-1 ready',
      'shop ratings-1 ready',
      'shop reviews-v1-1 ready',
      'shop reviews-v2-1 ready',
      'shop reviews-v3-1 ready',
      'shop storefront-1 ready',
    ]);
    assert.match(fairway.stdout(), /^10 pods ready after \d+\.\d s\. Ctrl-C stops everything\.$/m);
    assert.equal(fairway.stderr(), '');
  });

  test('prints three lines to try, and each works', async () => {
    const lines = (/^Try:\n((?: {2}.*\n)+)/m.exec(fairway.stdout())?.[1] ?? '').trimEnd().split('\n');
    const outputs = await Promise.all(lines.map(async (line) => (await run('sh', ['-c', line])).stdout.trim()));
    const [page = '', shares = '', tester = '', ...more] = outputs;
    assert.deepEqual(more, []);
    assert.deepEqual(Object.keys(JSON.parse(page)), ['books', 'reviews', 'orders']);
    const counts = [...shares.matchAll(/(\d+) "version":"v[12]"/g)].map(([, count]) => Number(count));
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      20,
    );
    assert.equal(tester, '"version":"v3"');
  });

  /** What the gateway answers: a status and the version of the reviews, or why there was no answer. */
  const ask = (agent?: Agent) =>
    call(
      { host: '127.0.0.1', port: gatewayPort, isProxy: false },
      { url: `http://127.0.0.1:${gatewayPort}/`, ...(agent === undefined ? {} : { agent }) },
    ).then(
      ({ status, body }) => `${status} ${/"version":"(v\d)"/.exec(body)?.[1]}`,
      (error: Error) => error.message,
    );

  /** The rules with other weights for the two versions that everyone sees. */
  const weights = (v1: number, v2: number) =>
    folder.read('rules/reviews.yaml').replace(/weight: \d+([\s\S]*?)weight: \d+/, `weight: ${v1}$1weight: ${v2}`);

  test('a changed weight shifts live traffic within a second, and no request fails', async () => {
    const landings: { readonly startedMs: number; readonly landed: string }[] = [];
    const agent = new Agent({ keepAlive: true });
    let isLoaded = true;
    const load = async () => {
      while (isLoaded) landings.push({ startedMs: performance.now(), landed: await ask(agent) });
    };
    const callers = Promise.all([load(), load()]);
    const shifts: number[] = [];
    const shift = async (save: (path: string, text: string) => void, text: string, to: string) => {
      const changedMs = performance.now();
      save('rules/reviews.yaml', text);
      const recent = () => landings.slice(-20).filter(({ landed }) => landed === to).length === 20;
      await until(recent, { what: `all requests to land at ${to}`, mostMs: 15_000 });
      // What still landed elsewhere was begun before the change was in force.
      const last = landings.findLast(({ landed }) => landed !== to)?.startedMs ?? 0;
      shifts.push(last - changedMs);
    };
    // An editor that writes in place, and one that writes beside the file and renames.
    for (const save of [folder.write, folder.replace]) {
      await shift(save, weights(0, 100), '200 v2');
      await shift(save, weights(100, 0), '200 v1');
    }
    isLoaded = false;
    await callers;
    agent.destroy();
    assert.deepEqual([...new Set(landings.map(({ landed }) => landed))].sort(), ['200 v1', '200 v2']);
    assert.ok(Math.max(...shifts) < 1000, `expected every shift within a second, found ${Math.max(...shifts)} ms`);
    await fairway.untilSays(/VirtualService shop\/reviews: in force at \d+ proxies after \d+ ms/);
  });

  test('a broken file changes nothing and is named with its line', async () => {
    const good = weights(100, 0);
    folder.write('rules/reviews.yaml', good);
    await until(async () => (await ask()) === '200 v1', { what: 'requests to land at v1' });
    folder.write('rules/reviews.yaml', good.replace('hosts: [reviews]', 'hosts: [reviews'));
    const [, file, line] = await fairway.untilSays(/([^ "]*reviews\.yaml):(\d+): expected YAML/);
    assert.deepEqual(
      [file, Number(line)],
      [folder.at('rules/reviews.yaml'), good.split('\n').indexOf('  hosts: [reviews]') + 2],
    );
    assert.equal(await ask(), '200 v1');
    folder.write('rules/reviews.yaml', good);
    await fairway.untilSays(/reviews\.yaml: all problems are solved/);
  });
});
