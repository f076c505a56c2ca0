import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fakeQueryClient } from '../../../test/support/fake-query-client.ts';
import { type QueryAnswer, QueryError } from '../../blocking-query/client.ts';
import { ConnectionError } from '../../lib/http-client.ts';
import { silent } from '../../lib/log.ts';
import { formatProblem } from '../../model/problem.ts';
import { ConsulApi } from './consul-api.ts';
import { ConsulWatch, usualTimes } from './consul-watch.ts';

const namesPath = '/v1/catalog/services';
const summaryPath = '/v1/internal/ui/services';
const summary = (counts: { readonly [name: string]: number }) =>
  Object.entries(counts).map(([Name, InstanceCount]) => ({ Name, InstanceCount, Nodes: ['n1'], Tags: null }));
const pathOf = (name: string) => `/v1/health/service/${encodeURIComponent(name)}`;

/** An answer with instances of these ids. */
const instances = (...ids: readonly string[]) =>
  ids.map((ID) => ({
    Node: { Node: 'n1', Address: '10.0.0.1' },
    Service: { ID, Port: 8080 },
    Checks: [],
  }));

/** A watched datacenter of which the test gives each answer, with what has been heard since it was looked at last. */
function watch(test: TestContext, budget = 10) {
  const client = fakeQueryClient();
  const { clock, pass } = client;
  const heard: string[] = [];
  const problems = new Map<string, readonly string[]>();
  const stop = new AbortController();
  const watched = new ConsulWatch(
    {
      api: new ConsulApi(client, 'dc1'),
      catalog: 'consul/dc1',
      kind: 'ConsulService',
      namespace: 'shop',
      hosts: ['{name}.service.consul'],
      address: 'lan',
      budget,
      log: silent,
      clock,
      now: () => clock.now(),
      random: () => 0,
      times: usualTimes,
    },
    {
      apply: (changes) => {
        for (const { name, service } of changes)
          heard.push(`${name}: ${service?.instances.map(({ id }) => id).join(' ') ?? 'gone'}`);
      },
      synced: () => heard.push('synced'),
      freshness: (now) => heard.push(now.state === 'stale' ? `stale: ${now.reason}` : now.state),
      problems: (part, found) => problems.set(part, found.map(formatProblem)),
    },
    stop.signal,
  );
  const done = watched.run();
  test.after(async () => {
    stop.abort();
    await done;
  });
  const answer = async (path: string, given: Partial<QueryAnswer>) => {
    await pass(200);
    client.about(path).answer({ index: 5, ...given });
    await pass(0);
  };
  return {
    client,
    watched,
    stop,
    done,
    pass,
    answer,
    names: (list: string, given: Partial<QueryAnswer> = {}) =>
      answer(namesPath, { value: Object.fromEntries(list.split(' ').map((name) => [name, []])), ...given }),
    service: (name: string, ids: readonly string[], given: Partial<QueryAnswer> = {}) =>
      answer(pathOf(name), { value: instances(...ids), ...given }),
    async fail(path: string, error: Error) {
      await pass(200);
      client.about(path).fail(error);
      await pass(0);
    },
    heard: () => heard.splice(0),
    problems: () => [...problems.values()].flat(),
    asks: () =>
      client.open
        .map(({ path, index }) => `${path.replace(/^.*\//, '')}${index === undefined ? '' : ` ${index}`}`)
        .sort(),
  };
}

async function watchWeb(test: TestContext, budget = 10) {
  const watched = watch(test, budget);
  await watched.names('consul web');
  await watched.service('web', ['a', 'b']);
  assert.deepEqual(watched.heard(), ['web: n1/a n1/b', 'synced']);
  return watched;
}

describe('a datacenter', () => {
  it('is listed when each of its services has been read, its own servers left out', async (test) => {
    const { names, service, heard, asks } = watch(test);
    await names('consul web Stock');
    await service('web', ['a']);
    assert.deepEqual(heard(), ['web: n1/a']);
    await service('stock', ['s']);
    assert.deepEqual(
      [heard(), asks()],
      [
        ['stock: n1/s', 'synced'],
        ['services 5', 'stock 5', 'web 5'],
      ],
    );
  });

  it('may have nothing but its servers', async (test) => {
    const { names, heard } = watch(test);
    await names('consul');
    assert.deepEqual(heard(), ['synced']);
  });

  it('is asked for names as they are, whatever is in them', async (test) => {
    const { names, asks } = watch(test);
    await names('consul a/b%ü');
    assert.deepEqual(asks(), ['a%2Fb%25%C3%BC', 'services 5']);
  });

  it('follows services that come, change and go', async (test) => {
    const { names, service, heard } = await watchWeb(test);
    await service('web', ['b'], { index: 6 });
    await names('consul web stock', { index: 7 });
    await service('stock', ['s']);
    await names('consul stock', { index: 8 });
    assert.deepEqual(heard(), ['web: n1/b', 'stock: n1/s', 'web: gone']);
  });

  it('asks nobody any more, and waits for nothing, when it is over', async (test) => {
    const { fail, stop, done, client, service } = await watchWeb(test, 1);
    await service('web', [], { index: 6 });
    await fail(namesPath, new Error('cut'));
    stop.abort();
    await done;
    await client.pass(0);
    // The log tells together what it has heard within a second.
    assert.deepEqual([client.open.length, client.clock.pending <= 1], [0, true]);
  });
});

describe('what is not believed', () => {
  it('is that there is nothing at all', async (test) => {
    const { answer, heard, pass, names } = watch(test);
    await answer(namesPath, { value: {} });
    await pass(500);
    assert.deepEqual(heard(), [
      'stale: expected at least the service consul, found no services: the token may read none',
    ]);
    await names('consul');
    assert.deepEqual(heard(), ['live', 'synced']);
  });

  it('is a list without the servers that were in it', async (test) => {
    const { names, heard, pass } = await watchWeb(test);
    await names('web', { index: 6 });
    await pass(500);
    assert.match(heard().join(), /^stale: expected the service consul, .*: the token may no longer read services$/);
    await names('consul web', { index: 6 });
    assert.deepEqual(heard(), ['live']);
  });

  for (const [name, answer, reason] of [
    ['the empty list of a server without a leader', { value: [], hasLeader: false }, /knows none$/],
    ['something else than a list', { value: { error: 'x' } }, /^stale: expected a list, found an object$/],
  ] as const)
    it(`is ${name}`, async (test) => {
      const watched = await watchWeb(test);
      await watched.answer(pathOf('web'), { index: 6, ...answer });
      await watched.pass(500);
      assert.match(watched.heard().join(), reason);
      await watched.service('web', ['a', 'b'], { index: 6 });
      assert.deepEqual(watched.heard(), ['live']);
    });
});

it('an answer without an index is none', async (test) => {
  const { answer, heard, pass } = watch(test);
  await answer(namesPath, { value: { consul: [] }, index: undefined });
  await pass(500);
  assert.deepEqual(heard(), ['stale: expected an answer with X-Consul-Index, found none']);
});

describe('freshness', () => {
  it('is stale when something cannot be read for a moment, and live again with the next answer', async (test) => {
    const { fail, service, heard, pass } = await watchWeb(test);
    await fail(pathOf('web'), new QueryError(500, 'HTTP 500: No cluster leader', undefined));
    assert.deepEqual(heard(), []);
    await pass(500);
    assert.deepEqual(heard(), ['stale: HTTP 500: No cluster leader']);
    await service('web', ['a', 'b'], { index: 6 });
    assert.deepEqual(heard(), ['live']);
  });

  it('is stale before anything counts that comes after an index went back', async (test) => {
    const { service, names, heard } = await watchWeb(test);
    await service('web', ['a'], { index: 3 });
    await service('web', ['a'], { index: 3 });
    const [stale = '', ...rest] = heard();
    assert.match(stale, /^stale: the index went back/);
    assert.deepEqual(rest, ['web: n1/a', 'live']);
    await names('consul', { index: 3 });
    await names('consul', { index: 3 });
    assert.deepEqual(heard(), [stale, 'web: gone', 'live']);
  });
});

describe('a service that is listed without instances', () => {
  it('stays as it was known, and is gone when its name is', async (test) => {
    const { service, names, heard, problems, pass } = await watchWeb(test);
    await service('web', [], { index: 6 });
    await names('consul', { index: 6 });
    await pass(5000);
    assert.deepEqual([heard(), problems()], [['web: gone'], []]);
  });

  it('is told of when it stays so, until it has some', async (test) => {
    const { service, heard, problems, pass, client } = await watchWeb(test);
    await service('web', [], { index: 6 });
    await pass(2000);
    client.open.find(({ path, index }) => path === pathOf('web') && index === undefined)?.answer({ value: [] });
    await pass(0);
    assert.match(problems().join(), /^ConsulService shop\/web .*found none \[FW3112\]$/);
    await service('web', ['a'], { index: 6 });
    assert.deepEqual([heard(), problems()], [['web: n1/a'], []]);
  });

  it('is read every minute where it has no query', async (test) => {
    const { names, service, answer, pass, asks } = watch(test, 1);
    await names('consul web stock');
    await service('web', ['w']);
    await service('stock', []);
    await answer(summaryPath, { value: [] });
    for (const status of ['critical', 'warning']) await answer(`/v1/health/state/${status}`, { value: [] });
    await pass(2000);
    await service('stock', []);
    assert.deepEqual(asks(), ['critical 5', 'services 5', 'warning 5', 'web 5']);
    await pass(60_000);
    await service('stock', []);
    assert.deepEqual(asks(), ['critical 5', 'services 5', 'stock', 'warning 5', 'web 5']);
  });
});

describe('services of which none has instances for us', () => {
  it('are waited for, since the token may not read nodes', async (test) => {
    const { names, service, heard, pass } = watch(test);
    await names('consul web stock');
    for (const name of ['web', 'stock']) await service(name, []);
    await pass(500);
    assert.deepEqual(heard(), [
      'stale: expected instances of web, which is listed, found none: the token may not read nodes',
    ]);
    await service('stock', ['s'], { index: 6 });
    assert.deepEqual(heard(), ['stock: n1/s', 'live', 'synced']);
  });

  it('are not waited for when their names go', async (test) => {
    const { names, service, heard } = watch(test);
    await names('consul web');
    await service('web', []);
    await names('consul', { index: 6 });
    assert.deepEqual(heard(), ['synced']);
  });
});

it('a service of which Consul does not tell is a problem of its own, and nobody waits for it', async (test) => {
  const { names, fail, service, heard, problems, pass } = watch(test);
  await names('consul web ..');
  await fail(pathOf('..'), new QueryError(301, 'HTTP 301', undefined));
  await service('web', ['a']);
  await pass(500);
  assert.deepEqual(heard(), ['web: n1/a', 'synced']);
  assert.match(problems().join(), /found HTTP 301 \[FW3114\]$/);
});

it('what the token may not read is told', async (test) => {
  const { names, problems, service } = watch(test);
  await names('consul web', { isFiltered: true });
  await service('web', ['a'], { isFiltered: true });
  assert.deepEqual(problems(), [
    'ConsulDatacenter dc1 of cluster consul/dc1: expected a token that may read all services, found that some are left out [FW3113]',
    'ConsulService shop/web of cluster consul/dc1: expected all instances of a service that is listed, found that some are left out [FW3112]',
  ]);
});

it('everything is asked anew when names come again after silence', async (test) => {
  const { fail, names, asks, pass } = await watchWeb(test);
  await fail(namesPath, new ConnectionError('no answer within 47 s', { isSilence: true }));
  await pass(1000);
  assert.deepEqual(asks(), ['services', 'web 5']);
  await names('consul web');
  assert.deepEqual(asks(), ['services 5', 'web']);
});

describe('services beyond the budget', () => {
  const beyond = async (test: TestContext) => {
    const watched = watch(test, 1);
    await watched.names('consul web stock cart');
    for (const name of ['web', 'stock', 'cart']) await watched.service(name, [`${name}-1`]);
    await watched.pass(100);
    await watched.answer(summaryPath, { value: summary({ Web: 1, stock: 1, cart: 1 }) });
    await watched.answer('/v1/health/state/critical', { value: [] });
    await watched.answer('/v1/health/state/warning', { value: [] });
    assert.deepEqual(watched.heard().at(-1), 'synced');
    assert.deepEqual(watched.asks(), ['critical 5', 'services 5', 'warning 5', 'web 5']);
    return watched;
  };

  it('are read when a check of theirs changes', async (test) => {
    const { answer, asks } = await beyond(test);
    const check = { Node: 'n9', CheckID: 'c', ServiceID: 'stock-1', ServiceName: 'Stock', Status: 'critical' };
    await answer('/v1/health/state/critical', { value: [check], index: 6 });
    assert.deepEqual(asks(), ['critical 6', 'services 5', 'stock', 'warning 5', 'web 5']);
  });

  it('are read when a check of a node changes where they are', async (test) => {
    const { answer, asks } = await beyond(test);
    const check = { Node: 'n1', CheckID: 'serfHealth', ServiceID: '', ServiceName: '', Status: 'critical' };
    await answer('/v1/health/state/critical', { value: [check], index: 6 });
    assert.deepEqual(asks(), ['cart', 'critical 6', 'services 5', 'stock', 'warning 5', 'web 5']);
  });

  it('are read when tags of theirs change, and those alone', async (test) => {
    const { answer, asks } = await beyond(test);
    await answer(namesPath, { value: { consul: [], web: [], stock: ['v2'], cart: [] }, index: 6 });
    assert.deepEqual(asks(), ['critical 5', 'services 6', 'stock', 'warning 5', 'web 5']);
  });

  it('are read when something was registered there, as the summary says', async (test) => {
    const { names, answer, asks, pass } = await beyond(test);
    await pass(1000);
    await names('consul web stock cart', { index: 6 });
    assert.deepEqual(asks(), ['critical 5', 'services', 'services 6', 'warning 5', 'web 5']);
    await answer(summaryPath, { value: summary({ web: 2, cart: 2, stock: 1 }) });
    assert.deepEqual(asks(), ['cart', 'critical 5', 'services 6', 'warning 5', 'web 5']);
  });

  it('are all read a minute later: something may hide behind what was named', async (test) => {
    const { names, answer, asks, pass } = await beyond(test);
    await pass(1000);
    await names('consul web stock cart', { index: 6 });
    await answer(summaryPath, { value: summary({ web: 2, cart: 1, stock: 1 }) });
    await pass(59_000);
    assert.deepEqual(asks(), ['critical 5', 'services 6', 'warning 5', 'web 5']);
    await pass(1000);
    assert.deepEqual(asks(), ['cart', 'critical 5', 'services 6', 'stock', 'warning 5', 'web 5']);
  });

  for (const [name, say] of [
    [
      'says nothing',
      (watched: ReturnType<typeof watch>) =>
        watched.answer(summaryPath, { value: summary({ web: 1, stock: 1, cart: 1 }) }),
    ],
    [
      'is not there',
      (watched: ReturnType<typeof watch>) => watched.fail(summaryPath, new QueryError(404, 'HTTP 404', undefined)),
    ],
  ] as const)
    it(`are all read at once when something was registered of which the summary ${name}`, async (test) => {
      const watched = await beyond(test);
      await watched.pass(1000);
      await watched.names('consul web stock cart', { index: 6 });
      await say(watched);
      assert.deepEqual(watched.asks(), ['cart', 'critical 5', 'services 6', 'stock', 'warning 5', 'web 5']);
    });

  it('cost one summary a second, however often something is registered', async (test) => {
    const { client, names, answer, pass } = await beyond(test);
    await pass(1000);
    const reads = () => client.open.filter(({ path }) => path === summaryPath).length;
    await names('consul web stock cart', { index: 6 });
    await answer(summaryPath, { value: [] });
    for (const index of [7, 8]) await names('consul web stock cart', { index });
    assert.equal(reads(), 0);
    await pass(1000);
    assert.equal(reads(), 1);
    await answer(summaryPath, { value: [] });
    await pass(2000);
    assert.equal(reads(), 0);
  });

  it('are not read because a wait is over', async (test) => {
    const { names, asks } = await beyond(test);
    await names('consul web stock cart');
    assert.deepEqual(asks(), ['critical 5', 'services 5', 'warning 5', 'web 5']);
  });
});

describe('a second look', () => {
  const look = async (test: TestContext, name: string, given: Partial<QueryAnswer>) => {
    const { watched, client, pass } = await watchWeb(test);
    const found = watched.reread(name, new AbortController().signal);
    await pass(0);
    const asked = client.open.find(({ path, index }) => path === pathOf(name) && index === undefined);
    assert.ok(asked !== undefined);
    asked.answer(given);
    return found;
  };

  it('yields what is registered, as the leader knows it', async (test) => {
    const service = await look(test, 'web', { value: instances('a') });
    assert.deepEqual(
      service?.instances.map(({ id }) => id),
      ['n1/a'],
    );
  });

  it('yields nothing of a service that is not listed', async (test) => {
    assert.equal(await look(test, 'stock', { value: [] }), undefined);
  });

  it('is none that finds no instances of what is listed', async (test) => {
    await assert.rejects(look(test, 'web', { value: [] }), /expected instances of web, which is listed, found none/);
  });

  it('is none of a server without a leader', async (test) => {
    await assert.rejects(look(test, 'stock', { value: [], hasLeader: false }), /knows its leader/);
  });
});
