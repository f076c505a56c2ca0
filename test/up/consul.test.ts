import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Agent } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type ConsulApi, consulApi } from '../consul/support/api.ts';
import { startConsul } from '../consul/support/consul.ts';
import { describeWithConsul } from '../consul/support/suite.ts';
import { call } from '../envoy/support/call.ts';
import { describeWithEnvoy } from '../envoy/support/suite.ts';
import { takeTestBlock } from '../envoy/support/test-blocks.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { type Fairway, isAlive, startFairway } from './support/fairway.ts';
import { copyBakery, freePort } from './support/folders.ts';

const run = promisify(execFile);
const anyPorts = ['--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0', '--log-format', 'text'];

interface Bakery {
  readonly fairway: Fairway;
  readonly folder: TempFolder;
  /** What the page says: `200 v1 prices-1`, or why there was no answer. */
  ask(agent?: Agent): Promise<string>;
}

async function startBakery(
  suite: { after(cleanup: () => void | Promise<void>): void },
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Bakery> {
  const folder = tempFolder(suite);
  const port = await freePort();
  copyBakery(folder, port);
  const fairway = startFairway(suite, ['up', folder.path, ...anyPorts, ...args], env);
  const ask = (agent?: Agent) =>
    call(
      { host: '127.0.0.1', port, isProxy: false },
      { url: `http://127.0.0.1:${port}/`, ...(agent === undefined ? {} : { agent }) },
    ).then(
      ({ status, body }) => `${status} ${/"version":"(v\d)"/.exec(body)?.[1]} ${/"by":"([^"]*)"/.exec(body)?.[1]}`,
      (error: Error) => error.message,
    );
  return { fairway, folder, ask };
}

const ready = /save it: the mesh follows/;

describeWithEnvoy('fairway up examples/consul', () => {
  describeWithConsul('with a Consul of its own', () => {
    let bakery: Bakery;
    let consul: ConsulApi;
    const cleanups: (() => void | Promise<void>)[] = [];
    const suite = { after: (cleanup: () => void | Promise<void>) => void cleanups.unshift(cleanup) };

    before(async () => {
      bakery = await startBakery(suite);
      await bakery.fairway.untilSays(ready);
      consul = consulApi(place().url);
    });

    after(async () => {
      for (const cleanup of cleanups) await cleanup();
    });

    /** Where Consul is, as it was printed. */
    function place(): { readonly url: URL; readonly pid: number } {
      const [, url = '', pid] =
        /^Consul [\d.]+: (http:\/\/127\.0\.0\.1:\d+)\/ui, process (\d+)$/m.exec(bakery.fairway.stdout()) ?? [];
      return { url: new URL(url), pid: Number(pid) };
    }

    /** What lands where while something is done, by one caller without a pause: all answers, and the last twenty. */
    async function underLoad(work: (recent: () => ReadonlySet<string>) => Promise<void>): Promise<ReadonlySet<string>> {
      const answers: string[] = [];
      const agent = new Agent({ keepAlive: true });
      let isLoaded = true;
      const load = async () => {
        while (isLoaded) answers.push(await bakery.ask(agent));
      };
      const caller = load();
      const recent = () => {
        const last = answers.slice(-20);
        return new Set(last.length < 20 ? [] : last);
      };
      await work(recent).finally(() => {
        isLoaded = false;
      });
      await caller;
      agent.destroy();
      return new Set(answers.map((answer) => answer.split(' ')[0] ?? ''));
    }

    const landing = (recent: () => ReadonlySet<string>, part: string, isThere: boolean, what: string) =>
      until(() => recent().size > 0 && [...recent()].some((answer) => answer.includes(part)) === isThere, {
        what,
        mostMs: 10_000,
      });

    test('prints what runs, and where Consul is', () => {
      const rows = bakery.fairway
        .stdout()
        .split('\n')
        .filter((line) => /^ {2}(bakery|pantry) /.test(line))
        .map((line) => line.trim().split(/\s+/))
        .map((cells) => [cells[0], cells[1], cells.at(-1)].join(' '));
      assert.deepEqual(rows, [
        'bakery counter-1 ready',
        'bakery ingress-1 ready',
        'bakery menu-v1-1 ready',
        'bakery menu-v2-1 ready',
        'bakery prices-1 ready',
        'bakery prices-2 ready',
        'pantry flour-1 ready',
      ]);
      assert.ok(isAlive(place().pid));
      assert.doesNotMatch(bakery.fairway.stderr(), /WARN|ERROR/);
    });

    test('prints lines to try, and each works', async () => {
      const lines = (/^Try:\n((?: {2}.*\n)+)/m.exec(bakery.fairway.stdout())?.[1] ?? '').trimEnd().split('\n');
      const outputs: string[] = [];
      for (const line of lines) outputs.push((await run('sh', ['-c', line])).stdout.trim());
      const [shares = '', page = '', checks, maintenance, ...more] = outputs;
      await consul.endMaintenance('prices-2');
      assert.deepEqual(more, []);
      const counts = [...shares.matchAll(/(\d+) "version":"v[12]"/g)].map(([, count]) => Number(count));
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        20,
      );
      assert.deepEqual(Object.keys(JSON.parse(page)), ['menu', 'prices', 'flour']);
      assert.match(checks ?? '', /"Status": "passing"/);
      assert.equal(maintenance, '');
    });

    test('registers pods with their addresses, versions and checks, but not those of Kubernetes', async () => {
      const menu = await consul.instances('menu');
      assert.deepEqual(
        menu.map(({ Service: { ID, Port }, Checks }) => [ID, Port, Checks.map(({ Status }) => Status)]).sort(),
        [
          ['menu-v1-1', 9080, ['passing', 'passing']],
          ['menu-v2-1', 9080, ['passing', 'passing']],
        ],
      );
      const services = (await consul.request('GET', '/v1/catalog/services')) as object;
      assert.deepEqual(Object.keys(services).sort(), ['consul', 'counter', 'menu', 'prices']);
    });

    test('a changed weight shifts live traffic between versions in Consul, and no request fails', async () => {
      const { folder } = bakery;
      const weights = (v1: number, v2: number) =>
        folder.read('canary.yaml').replace(/weight: \d+([\s\S]*?)weight: \d+/, `weight: ${v1}$1weight: ${v2}`);
      const statuses = await underLoad(async (recent) => {
        folder.replace('canary.yaml', weights(0, 100));
        await landing(recent, 'v1', false, 'all requests to land at v2');
        folder.replace('canary.yaml', weights(100, 0));
        await landing(recent, 'v2', false, 'all requests to land at v1');
      });
      assert.deepEqual([...statuses], ['200']);
    });

    test('an instance in maintenance, or with a check that somebody fails, gets no traffic, and no request fails', async () => {
      const statuses = await underLoad(async (recent) => {
        await consul.beginMaintenance('prices-1');
        await landing(recent, 'prices-1', false, 'no request to land at prices-1');
        await consul.endMaintenance('prices-1');
        await landing(recent, 'prices-1', true, 'requests to land at prices-1 again');
        await consul.check('prices-2', 'critical');
        await landing(recent, 'prices-2', false, 'no request to land at prices-2');
        await consul.check('prices-2', 'passing');
        await landing(recent, 'prices-2', true, 'requests to land at prices-2 again');
      });
      assert.deepEqual([...statuses], ['200']);
    });

    test('a Consul that is killed is started again with all that it has lost, and no request fails', async () => {
      const statuses = await underLoad(async (recent) => {
        process.kill(place().pid, 'SIGKILL');
        await bakery.fairway.untilSays(/Consul ended \(SIGKILL\), again in \d+ ms; see \S+consul\.log/);
        const ids = async () =>
          (await consul.instances('prices').catch(() => [])).map(({ Service }) => Service.ID).sort();
        await until(async () => (await ids()).join() === 'prices-1,prices-2', {
          what: 'both instances in Consul again',
          mostMs: 20_000,
        });
        await consul.beginMaintenance('prices-1');
        await landing(recent, 'prices-1', false, 'the new Consul to be heard');
        await consul.endMaintenance('prices-1');
      });
      assert.deepEqual([...statuses], ['200']);
    });

    test('a pod that goes is taken out first, and no request fails', async () => {
      const { folder } = bakery;
      const statuses = await underLoad(async (recent) => {
        folder.replace('prices.yaml', folder.read('prices.yaml').replace('replicas: 2', 'replicas: 1'));
        await until(async () => (await consul.instances('prices')).length === 1, { what: 'one instance in Consul' });
        await bakery.fairway.untilSays(/6 of 6 pods ready/);
        await landing(recent, 'prices-2', false, 'no request to land at prices-2');
      });
      assert.deepEqual([...statuses], ['200']);
    });

    test('Ctrl-C leaves neither processes nor files', async () => {
      const { fairway } = bakery;
      const [, workFolder = ''] = await fairway.untilSays(/logs in (\S+)/);
      assert.ok(existsSync(workFolder));
      const children = fairway.descendants();
      assert.ok(children.length >= 12, `expected six Envoys, five services and Consul, found ${children.length}`);
      fairway.signal('SIGINT');
      assert.equal(await fairway.exit, 0);
      assert.deepEqual([children.filter(isAlive), existsSync(workFolder)], [[], false]);
    });
  });

  describeWithConsul('with a Consul that runs already', (program) => {
    test('registers there, reads it, and takes its pods out at the end', async (context) => {
      const block = await takeTestBlock();
      context.after(() => block.release());
      const consul = await startConsul({ program, block });
      context.after(() => consul.close());
      await consul.register({ ID: 'elsewhere', Name: 'elsewhere', Port: 80 });
      const url = new URL(consul.url);
      url.search = 'namespace=bakery&alias={name}.bakery.svc.cluster.local';
      const { fairway, ask } = await startBakery(context, { args: ['--consul', url.href] });
      await fairway.untilSays(ready);
      assert.match(fairway.stdout(), new RegExp(`^Consul: ${consul.url.origin}$`, 'm'));
      assert.match(await ask(), /^200 v[12] prices-[12]$/);
      fairway.signal('SIGINT');
      assert.equal(await fairway.exit, 0);
      const left = (await consul.request('GET', '/v1/agent/services')) as object;
      assert.deepEqual(Object.keys(left), ['elsewhere']);
    });

    test('refuses workloads of another namespace than its own', async (context) => {
      const block = await takeTestBlock();
      context.after(() => block.release());
      const consul = await startConsul({ program, block });
      context.after(() => consul.close());
      const { fairway } = await startBakery(context, { args: ['--consul', consul.url.href] });
      await fairway.untilSays(
        /menu\.yaml:\d+: .*expected a workload of the namespace default, where services of this Consul live, found one of bakery/,
      );
    });
  });

  describe('without a Consul', () => {
    test('says so, names the workloads that do not run, and runs the rest', async (context) => {
      const { fairway } = await startBakery(context, { env: { CONSUL: '/nowhere/consul' } });
      await fairway.untilSays(ready);
      assert.match(
        fairway.stdout(),
        /^No Consul, so that workloads that are registered there do not run: CONSUL names \/nowhere\/consul, which does not run here$/m,
      );
      assert.match(fairway.stdout(), /^2 pods ready after/m);
      const refused = [...fairway.stderr().matchAll(/(\w+\.yaml):\d+: .* expected a Consul to register pods in/g)];
      assert.deepEqual(refused.map(([, file]) => file).sort(), [
        'counter.yaml',
        'menu.yaml',
        'menu.yaml',
        'prices.yaml',
      ]);
    });

    test('that was named, waits for it until it is told to stop', async (context) => {
      const consul = `http://127.0.0.1:${await freePort()}`;
      const { fairway } = await startBakery(context, { args: ['--consul', consul] });
      await fairway.untilSays(/no proxy is served yet: waiting for consul\//);
      fairway.signal('SIGINT');
      assert.equal(await fairway.exit, 0);
    });
  });
});
