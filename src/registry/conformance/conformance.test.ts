/** The list finds what is wrong with a registry: a good one passes all of it, and each fault of another fails where it should. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogService } from '../../model/catalog.ts';
import type { Sink, Source } from '../../model/source.ts';
import { polledCatalog, type ReadService } from '../adapter/polled-catalog.ts';
import type { RegistryChange } from '../registry.ts';
import { catalogRows } from './catalog-rows.ts';
import { behaviours } from './conformance.ts';
import type { WantedInstance, World } from './world.ts';

type Rows = Source<RegistryChange>;
type RowSink = Sink<RegistryChange>;

interface Fault {
  /** From what is right to what is wrong with a source. */
  readonly bend?: (source: Rows) => Rows;
  /** The same for a service. */
  readonly service?: (service: CatalogService) => CatalogService;
}

function serviceOf(name: string, instances: readonly WantedInstance[]): CatalogService {
  return {
    hostnames: [`${name}.test`],
    namespace: 'default',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    instances: instances.map(({ id, address, port, isHealthy }) => ({
      id,
      address,
      ports: { http: port },
      health: isHealthy ? 'healthy' : 'unhealthy',
    })),
  };
}

function memoryWorld({ bend = (source) => source, service = (one) => one }: Fault = {}): World {
  const services = new Map<string, ReadService>();
  let state: 'good' | 'away' | 'garbled' = 'good';
  const reorder = () => {
    const all = [...services].reverse();
    services.clear();
    for (const [name, one] of all)
      services.set(name, 'fault' in one ? one : { ...one, instances: [...one.instances].reverse() });
  };
  const read = async () => {
    if (state !== 'good') throw new Error(state);
    return new Map([...services].map(([name, one]) => [name, 'fault' in one ? one : service(one)]));
  };
  const set = (next: typeof state) => async () => {
    state = next;
  };
  return {
    source: () =>
      bend(catalogRows(polledCatalog({ name: 'memory', kind: 'MemoryService', intervalMs: 2, read, random: () => 0 }))),
    hostname: (name) => `${name}.test`,
    put: async (name, instances) => void services.set(name, serviceOf(name, instances)),
    remove: async (name) => void services.delete(name),
    breakConnection: set('away'),
    garble: set('garbled'),
    mendConnection: set('good'),
    reorder: async () => reorder(),
    putBroken: async (name) => void services.set(name, { fault: 'expected a service, found none' }),
    loseState: async () => services.clear(),
    cannot: {},
    noticesMs: 700,
    quietMs: 15,
    async close() {},
  };
}

/** The names of behaviours that a registry does not show. */
async function failuresOf(fault: Fault): Promise<readonly string[]> {
  const outcomes = await Promise.all(
    behaviours.map(async ({ name, check }) => {
      try {
        await check(memoryWorld(fault));
        return [];
      } catch {
        return [name];
      }
    }),
  );
  return outcomes.flat();
}

/** A source whose sink is another one. */
const over =
  (wrap: (sink: RowSink, signal: AbortSignal) => Partial<RowSink>) =>
  (source: Rows): Rows => ({
    name: source.name,
    run: (sink, signal) => source.run({ ...sink, ...wrap(sink, signal) }, signal),
  });

const all = behaviours.map(({ name }) => name);
const named = (part: string) => all.filter((name) => name.includes(part));

describe('the conformance list', () => {
  it('is passed by a registry that does all', async () => {
    assert.deepEqual(await failuresOf({}), []);
  });

  it('has each behaviour once', () => {
    assert.equal(new Set(all).size, all.length);
  });

  function check(name: string, fault: Fault, expected: readonly string[]): void {
    it(`is failed by a registry that ${name}`, async () => {
      const failures = await failuresOf(fault);
      assert.ok(expected.length > 0);
      assert.deepEqual(
        expected.filter((one) => !failures.includes(one)),
        [],
      );
    });
  }
  check(
    'is synced before it has listed',
    {
      bend: (source) => ({
        name: source.name,
        run(sink, signal) {
          sink.synced();
          return source.run({ ...sink, synced() {} }, signal);
        },
      }),
    },
    named('lists all'),
  );
  check(
    'is synced again and again',
    {
      bend: over((sink) => ({
        apply(changes) {
          sink.apply(changes);
          sink.synced();
        },
      })),
    },
    named('lists all'),
  );
  check('is never synced', { bend: over(() => ({ synced() {} })) }, all);
  check('never says that it is stale', { bend: over(() => ({ freshness() {} })) }, [
    ...named('keeps what is known while'),
    ...named('makes no sense'),
  ]);
  check(
    'is stale for ever',
    { bend: over((sink) => ({ freshness: (one) => one.state === 'stale' && sink.freshness(one) })) },
    named('live again after'),
  );
  check(
    'is stale without a reason',
    {
      bend: over((sink) => ({
        freshness: (one) => sink.freshness(one.state === 'stale' ? { ...one, reason: '' } : one),
      })),
    },
    named('calls it stale'),
  );
  check(
    'forgets everything when the platform is away',
    {
      bend: (source) => {
        const known = new Map<string, RegistryChange>();
        return over((sink) => ({
          apply(changes) {
            for (const one of changes) known.set(`${one.table} ${one.key}`, one);
            sink.apply(changes);
          },
          freshness(freshness) {
            if (freshness.state === 'stale') sink.apply([...known.values()].map((one) => ({ ...one, row: undefined })));
            sink.freshness(freshness);
          },
        }))(source);
      },
    },
    named('keeps what is known while'),
  );
  check(
    'removes nothing',
    { bend: over((sink) => ({ apply: (changes) => sink.apply(changes.filter(({ row }) => row !== undefined)) })) },
    [...named('removes a service'), ...named('knows after an outage')],
  );
  check('states every service anew at each look', { service: (one) => ({ ...one, createdAt: performance.now() }) }, [
    ...named('nothing else'),
    ...named('another order'),
  ]);
  check(
    'takes everything for healthy',
    {
      service: (one) => ({ ...one, instances: one.instances.map((instance) => ({ ...instance, health: 'healthy' })) }),
    },
    named('unhealthy'),
  );
  check('does not tell what is broken', { bend: over(() => ({ problems() {} })) }, named('break'));
  check(
    'tells problems of what is good',
    {
      bend: over((sink) => ({
        synced() {
          sink.problems('a', [{ code: 'FW3140', severity: 'error', message: 'wrong', path: '' }]);
          sink.synced();
        },
      })),
    },
    named('adds an instance'),
  );
  check(
    'states other rows in each run',
    {
      bend: (source) => {
        const run = Math.random();
        return over((sink) => ({
          apply: (changes) =>
            sink.apply(
              changes.map((one) =>
                one.table === 'service' && one.row !== undefined
                  ? { ...one, row: { ...one.row, createdAt: run } }
                  : one,
              ),
            ),
        }))(source);
      },
    },
    named('same rows'),
  );
  check(
    'changes rows later',
    {
      bend: over((sink) => ({
        apply(changes) {
          sink.apply(changes);
          setTimeout(() => {
            for (const { row } of changes)
              if (row !== undefined && 'hostname' in row) (row as { hostname: string }).hostname = 'other.test';
          }, 1);
        },
      })),
    },
    named('ends promptly when'),
  );
  check(
    'gives two services one key',
    { bend: over((sink) => ({ apply: (changes) => sink.apply(changes.map((one) => ({ ...one, key: 'same' }))) })) },
    named('adds a service'),
  );
  check(
    'does not survive an outage',
    {
      bend: (source) => ({
        name: source.name,
        run: (sink, signal) =>
          new Promise((resolve, reject) => {
            source
              .run(
                {
                  ...sink,
                  freshness: (one) => (one.state === 'stale' ? reject(new Error(one.reason)) : sink.freshness(one)),
                },
                signal,
              )
              .then(resolve, reject);
          }),
      }),
    },
    named('outage'),
  );
  check(
    'ends by itself',
    {
      bend: (source) => ({
        name: source.name,
        async run(sink, signal) {
          void source.run(sink, signal);
        },
      }),
    },
    all,
  );
  check(
    'does not end when it is told to',
    {
      bend: (source) => ({
        name: source.name,
        async run(sink, signal) {
          await source.run(sink, signal);
          await new Promise(() => {});
        },
      }),
    },
    named('ends promptly'),
  );
  check(
    'speaks after its end',
    {
      bend: (source) => ({
        name: source.name,
        run(sink, signal) {
          signal.addEventListener('abort', () => setTimeout(() => sink.freshness({ state: 'live' }), 1));
          return source.run(sink, signal);
        },
      }),
    },
    named('says nothing after'),
  );

  it('says why something is skipped, and does not skip without a reason', async () => {
    const behaviour = behaviours.find(({ name }) => name.includes('another order'));
    const { reorder: _, ...mute } = memoryWorld();
    assert.deepEqual(await behaviour?.check({ ...mute, cannot: { reorder: 'it is sorted' } }), {
      skipped: 'it is sorted',
    });
    await assert.rejects(async () => behaviour?.check(mute), {
      message: 'expected reorder in the world, or cannot.reorder with a reason, found neither',
    });
  });
});
