import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogChange, CatalogService } from '../../model/catalog.ts';
import { formatProblem } from '../../model/problem.ts';
import type { Freshness, Sink } from '../../model/source.ts';
import { checkedAnswer, checkedSink } from './checked-sink.ts';

const about = { name: 'mine/here', kind: 'MineService' };

const web: CatalogService = {
  hostnames: ['web.test'],
  namespace: 'default',
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  labels: { app: 'web' },
  createdAt: 5,
  instances: [
    {
      id: 'a',
      address: '10.0.0.1',
      ports: { http: 8080 },
      labels: { version: 'v1' },
      locality: { region: 'north', zone: '', subzone: '' },
      weight: 2,
      health: 'draining',
      network: 'n',
      serviceAccount: 's',
      nodeName: 'node',
    },
  ],
};

/** A sink as an adapter without types has it. */
interface Loose {
  apply(changes: unknown): void;
  synced(): void;
  problems(part: unknown, problems: unknown): void;
  freshness(freshness: unknown): void;
}

/** What passes, and what is wrong. */
function heard(say: (sink: Loose) => void) {
  const applied: CatalogChange[] = [];
  const states: Freshness[] = [];
  const problems = new Map<string, readonly string[]>();
  const sink: Sink<CatalogChange> = {
    apply: (changes) => applied.push(...changes),
    synced() {},
    problems: (part, found) => problems.set(part, found.map(formatProblem)),
    freshness: (freshness) => states.push(freshness),
  };
  say(checkedSink(about, sink) as Loose);
  return { applied, states, problems: [...problems.values()].flat() };
}

const say = (service: unknown) => heard((sink) => sink.apply([{ name: 'web', service }]));

describe('what an adapter reports', () => {
  it('passes whole, as a copy', () => {
    const own = structuredClone(web) as { namespace: string };
    const { applied, problems } = say(own);
    own.namespace = 'changed';
    assert.deepEqual([applied, problems], [[{ name: 'web', service: web }], []]);
  });

  it('passes when it says that a service is gone', () => {
    assert.deepEqual(say(undefined).applied, [{ name: 'web', service: undefined }]);
  });

  function check(name: string, service: unknown, problem: string): void {
    it(`does not pass ${name}, and is told`, () => {
      const { applied, problems } = say(service);
      assert.deepEqual([applied, problems], [[], [`MineService web of cluster mine/here: ${problem} [FW3140]`]]);
    });
  }
  check('when it is nothing', null, 'expected an object, found nothing');
  check('when it is a text', 'web', 'expected an object, found "web"');
  check('without a list of instances', { ...web, instances: 3 }, 'instances: expected a list, found 3');
  check('with a host that is none', { ...web, hostnames: [7] }, 'hostnames[0]: expected a string, found 7');
  check('without a namespace', { ...web, namespace: undefined }, 'expected the field namespace, found none');
  check(
    'with a protocol that nobody knows',
    { ...web, ports: [{ number: 80, name: 'http', protocol: 'GOPHER' }] },
    'ports[0].protocol: expected one of HTTP, HTTP2, GRPC, GRPC-Web, HTTPS, TLS, TCP, Mongo, Redis, MySQL, UDP, auto, found "GOPHER"',
  );
  check(
    'that cannot be read',
    Object.defineProperty({}, 'hostnames', {
      enumerable: true,
      get() {
        throw new Error('boo');
      },
    }),
    'expected plain data, found what cannot be read: boo',
  );

  it('leaves out an instance that is wrong, and no other', () => {
    const { applied, problems } = say({
      ...web,
      instances: [{ id: 'b', address: 7, ports: {} }, ...web.instances, null],
    });
    assert.deepEqual(applied, [{ name: 'web', service: web }]);
    assert.deepEqual(problems, [
      'MineService web of cluster mine/here: instances[0].address: expected a string, found 7 [FW3140]',
      'MineService web of cluster mine/here: instances[2]: expected an object, found nothing [FW3140]',
    ]);
  });

  it('is no change without a name', () => {
    const { applied, problems } = heard((sink) => sink.apply([{ service: web }, { name: 'web', service: web }]));
    assert.equal(applied.length, 1);
    assert.deepEqual(problems, [
      'MineService mine/here: name: expected a change with the name of a service, found an object [FW3140]',
    ]);
  });

  it('may be no list of changes at all', () => {
    const { applied, problems } = heard((sink) => sink.apply('services'));
    assert.deepEqual([applied.length, problems.length], [0, 1]);
  });

  it('is right again once it is', () => {
    const { problems } = heard((sink) => {
      sink.apply([{ name: 'web', service: null }, {}]);
      sink.apply([{ name: 'web', service: web }]);
    });
    assert.deepEqual(problems, []);
  });
});

describe('what an adapter says of itself', () => {
  it('passes when it has the form of a freshness', () => {
    const all = [{ state: 'live' }, { state: 'stale', sinceMs: 5, reason: 'away' }, { state: 'absent', reason: 'no' }];
    const { states, problems } = heard((sink) => {
      for (const one of all) sink.freshness(one);
    });
    assert.deepEqual([states, problems], [all, []]);
  });

  for (const wrong of [
    undefined,
    'live',
    { state: 'stale' },
    { state: 'stale', reason: 'a', sinceMs: 'b' },
    { state: 'x' },
  ])
    it(`does not pass as ${JSON.stringify(wrong)}`, () => {
      const { states, problems } = heard((sink) => sink.freshness(wrong));
      assert.deepEqual([states.length, problems.length], [0, 1]);
    });

  it('may be problems, with a code of Fairway or the one for all adapters', () => {
    const { problems } = heard((sink) =>
      sink.problems('web', [
        { code: 'FW3102', severity: 'warning', message: 'expected this', path: 'instances[a]' },
        { code: 'MINE1', message: 'expected that' },
        'no problem',
      ]),
    );
    assert.deepEqual(problems, [
      'MineService web of cluster mine/here: instances[a]: expected this [FW3102]',
      'MineService web of cluster mine/here: expected that [FW3140]',
      'MineService web of cluster mine/here: expected a problem, found "no problem" [FW3140]',
    ]);
  });
});

describe('the answer of an adapter about one service', () => {
  it('is the service, or none', () => {
    assert.deepEqual(checkedAnswer(about, 'web', web), web);
    assert.equal(checkedAnswer(about, 'web', undefined), undefined);
  });

  it('is no answer when anything is wrong with it', () => {
    assert.throws(() => checkedAnswer(about, 'web', { ...web, instances: [...web.instances, 7] }), {
      message: 'instances[1]: expected an object, found 7',
    });
  });
});
