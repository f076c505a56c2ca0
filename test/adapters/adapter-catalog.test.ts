/** An adapter of somebody else lives in a thread of its own: whatever it does, the process goes on and people are told. */
import assert from 'node:assert/strict';
import { after, describe, it, type TestContext } from 'node:test';
import type { Log } from '../../src/lib/log.ts';
import { silent } from '../../src/lib/log.ts';
import type { Catalog, CatalogService } from '../../src/model/catalog.ts';
import { formatProblem } from '../../src/model/problem.ts';
import type { Freshness } from '../../src/model/source.ts';
import { adapterCatalog } from '../../src/registry/adapter/adapter-catalog.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const folder = tempFolder({ after });
let count = 0;

/** An adapter whose `run` has this body; `sink`, `signal`, `options`, `context` and a service `web` are at hand. */
async function adapter(body: string, { options = '', log = silent, more = '' } = {}): Promise<Catalog> {
  count += 1;
  const module = `./adapter-${count}.mjs`;
  folder.write(
    module,
    `const web = { hostnames: ['web.test'], namespace: 'default', ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      instances: [{ id: 'a', address: '10.0.0.1', ports: { http: 8080 } }] };
    export const createCatalog = (options, context) => ({
      name: 'mine/here', kind: 'MineService', async run(sink, signal) { ${body} }, ${more} });\n`,
  );
  return adapterCatalog({
    place: { module, folder: folder.path, options },
    domainSuffix: 'cluster.local',
    userAgent: 'fairway/test',
    log,
  });
}

interface Followed {
  readonly services: ReadonlyMap<string, CatalogService>;
  readonly synced: number;
  readonly freshness: Freshness;
  problems(): readonly string[];
  /** How often anything has been said. */
  readonly calls: number;
  stop(): Promise<void>;
}

function follow(catalog: Catalog, test: Pick<TestContext, 'after'>): Followed {
  const services = new Map<string, CatalogService>();
  const problems = new Map<string, readonly string[]>();
  let [synced, calls] = [0, 0];
  let freshness: Freshness = { state: 'live' };
  const stop = new AbortController();
  const ended = catalog.run(
    {
      apply(changes) {
        calls += 1;
        for (const { name, service } of changes)
          if (service === undefined) services.delete(name);
          else services.set(name, service);
      },
      synced() {
        synced += 1;
      },
      problems: (part, found) => void problems.set(part, found.map(formatProblem)),
      freshness(said) {
        freshness = said;
      },
    },
    stop.signal,
  );
  const end = async () => {
    stop.abort();
    await ended;
  };
  test.after(end);
  return {
    services,
    get synced() {
      return synced;
    },
    get freshness() {
      return freshness;
    },
    get calls() {
      return calls;
    },
    problems: () => [...problems.values()].flat(),
    stop: end,
  };
}

const forever = 'await new Promise((resolve) => signal.addEventListener("abort", resolve));';
const good = "sink.apply([{ name: 'web', service: web }]); sink.synced();";

/** Waits until an adapter is stale for a reason, and sees that what it has said stays. */
async function isStale(followed: Followed, reason: RegExp): Promise<void> {
  const { services } = followed;
  const holds = () => followed.freshness.state === 'stale' && reason.test(followed.freshness.reason);
  await until(holds, { what: `it to be stale: ${reason}` });
  assert.deepEqual([...services.keys()], ['web']);
}

describe('an adapter in a thread', () => {
  it('is a catalog like any other', async (test) => {
    const followed = follow(await adapter(`${good} ${forever}`), test);
    await until(() => followed.synced === 1, { what: 'it to be synced' });
    assert.deepEqual(followed.services.get('web')?.instances, [
      { id: 'a', address: '10.0.0.1', ports: { http: 8080 } },
    ]);
    assert.deepEqual([followed.freshness, followed.problems()], [{ state: 'live' }, []]);
  });

  it('is told its options and of the mesh, and writes to its log', async (test) => {
    const lines: string[] = [];
    const log: Log = { ...silent, info: (message) => lines.push(message) };
    const body = `context.log.info([options, context.domainSuffix, context.userAgent].join()); ${forever}`;
    follow(await adapter(body, { options: 'a:b=c', log }), test);
    await until(() => lines.length > 0, { what: 'a line' });
    assert.deepEqual(lines, ['a:b=c,cluster.local,fairway/test']);
  });

  it('is known to the log while it cannot see its platform', async (test) => {
    const lines: string[] = [];
    const log: Log = { ...silent, warn: (message) => lines.push(message) };
    follow(
      await adapter(`sink.freshness({ state: 'stale', sinceMs: 1, reason: 'no leader' }); ${forever}`, { log }),
      test,
    );
    await until(() => lines.length > 0, { what: 'a line' });
    assert.deepEqual(lines, ['mine/here: services cannot be seen; what is known stays in force: no leader']);
  });

  it('is asked about one service when it can be', async (test) => {
    const more =
      "async reread(name) { if (name === 'odd') return 7; if (name === 'away') throw new Error('no leader'); return name === 'web' ? web : undefined; }";
    const catalog = await adapter(`${good} ${forever}`, { more });
    const followed = follow(catalog, test);
    await until(() => followed.synced === 1, { what: 'it to be synced' });
    const { signal } = new AbortController();
    assert.equal((await catalog.reread?.('web', signal))?.namespace, 'default');
    assert.equal(await catalog.reread?.('other', signal), undefined);
    await assert.rejects(async () => catalog.reread?.('away', signal), { message: 'no leader' });
    await assert.rejects(async () => catalog.reread?.('odd', signal), { message: ': expected an object, found 7' });
    assert.equal((await adapter(forever)).reread, undefined);
  });

  const failures: readonly (readonly [name: string, body: string, reason: RegExp])[] = [
    ['rejects its run', 'throw new Error("out of order");', /^failed: out of order$/],
    ['ends its run', '', /^ended without being told to$/],
    ['throws out of a timer', `setTimeout(() => { throw new Error("boom"); }); ${forever}`, /^failed: boom$/],
    ['leaves a promise rejected', `Promise.reject(new Error("boom")); ${forever}`, /^failed: boom$/],
    ['ends the process', 'process.exit(3);', /^failed: its thread has ended$/],
  ];
  for (const [name, body, reason] of failures)
    it(`is stale and started again when it ${name}`, async (test) => {
      const followed = follow(await adapter(`${good} ${body}`), test);
      await isStale(followed, reason);
      const { calls } = followed;
      await until(() => followed.calls > calls, { what: 'another run' });
      assert.equal(followed.synced, 1);
    });

  it('tells of what has not the form that it should have', async (test) => {
    const body = `${good} sink.apply([{ name: 'b', service: 7 }]); sink.freshness(7); sink.apply([{ name: 'odd', service: { run() {} } }]); ${forever}`;
    const followed = follow(await adapter(body), test);
    await until(() => followed.problems().length === 3, { what: 'three problems' });
    assert.match(followed.problems().join('\n'), /could not be cloned/);
    assert.deepEqual([...followed.services.keys()], ['web']);
    assert.equal(followed.freshness.state, 'live');
  });

  it('is not heard after its end, and need not obey it', async (test) => {
    const body = `${good} setInterval(() => sink.apply([{ name: 'late', service: web }]), 1); await new Promise(() => {});`;
    const followed = follow(await adapter(body), test);
    await until(() => followed.services.has('late'), { what: 'a call' });
    await followed.stop();
    const { calls } = followed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(followed.calls, calls);
  });

  it('keeps nobody waiting while it is busy', async (test) => {
    const followed = follow(await adapter(`${good} await new Promise((go) => setTimeout(go, 50)); for (;;);`), test);
    await until(() => followed.synced === 1, { what: 'it to be synced' });
    await followed.stop();
  });
});

describe('a module that makes no catalog', () => {
  const whole = 'name: "mine/here", kind: "MineService", run() {}';
  const returns = (text: string) => `export const createCatalog = () => (${text});`;
  function check(name: string, text: string, expected: string): void {
    it(`${name} is told in one line`, async () => {
      count += 1;
      const module = `./adapter-${count}.mjs`;
      folder.write(module, text);
      const data = {
        place: { module, folder: folder.path, options: 'x' },
        domainSuffix: '',
        userAgent: '',
        log: silent,
      };
      await assert.rejects(adapterCatalog(data), {
        name: 'AdapterError',
        message: expected.replace('MODULE', module).replace('FILE', module.slice(2)),
      });
    });
  }
  check(
    'since it exports none',
    'export const a = 1, b = 2;',
    'MODULE: expected an exported function createCatalog, found a, b',
  );
  check('since it throws at once', 'throw new Error("no\\nway");', 'cannot load MODULE: no');
  check(
    'since it refuses its options',
    'export function createCatalog(options) { throw new Error("expected a URL, found " + options); }',
    'MODULE: expected a URL, found x',
  );
  check(
    'since it yields a promise',
    'export async function createCatalog() {}',
    'MODULE: createCatalog: expected a name such as http-json/shop, found nothing',
  );
  check(
    'since it yields nothing',
    returns('null'),
    'MODULE: createCatalog: expected a catalog with name, kind and run, found nothing',
  );
  check(
    'since it has a name that cannot be one',
    returns(`{ ${whole}, name: "my registry" }`),
    'MODULE: createCatalog: expected a name such as http-json/shop, found "my registry"',
  );
  check(
    'since it has a name of ours',
    returns(`{ ${whole}, name: "kubernetes/east" }`),
    "MODULE: createCatalog: expected a name that is not Fairway's own, found kubernetes/east",
  );
  check(
    'since it has no kind',
    returns(`{ ${whole}, kind: "my services" }`),
    'MODULE: createCatalog: expected a kind such as HttpJsonService, found "my services"',
  );
  check(
    'since it cannot be run',
    returns(`{ ${whole}, run: 7 }`),
    'MODULE: createCatalog: expected a function run, found 7',
  );
  check(
    'since it cannot be asked',
    returns(`{ ${whole}, reread: true }`),
    'MODULE: createCatalog: expected a function reread, or none, found true',
  );
  check(
    'since it imports what is not there',
    'import "./gone.mjs";',
    `cannot load MODULE: Cannot find module '${folder.at('gone.mjs')}' imported from ${folder.path}/FILE`,
  );
});
