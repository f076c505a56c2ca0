/** A control plane that is started again finds a catalog that is away, empty or as it was. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ControlPlane } from '../src/control-plane.ts';
import { guarded } from '../src/guard/guarded.ts';
import { silent } from '../src/lib/log.ts';
import { keepState } from '../src/state/keep-state.ts';
import { openStateFolder } from '../src/state/state-folder.ts';
import { type FakeClock, fakeClock } from './support/fake-clock.ts';
import { type MemoryCatalog, memoryCatalog } from './support/memory-catalog.ts';
import { type TempFolder, tempFolder } from './support/temp-folder.ts';
import { until } from './support/until.ts';

interface Life {
  readonly catalog: MemoryCatalog;
  readonly clock: FakeClock;
  /** `web.service.consul 2`: hosts in force with the number of their endpoints. */
  hosts(): readonly string[];
  end(): Promise<void>;
}

async function live(folder: TempFolder): Promise<Life> {
  const clock = fakeClock();
  const catalog = memoryCatalog();
  const controlPlane = new ControlPlane({ log: silent, cluster: 'c', domainSuffix: 'cluster.local', clock });
  const state = keepState({ folder: openStateFolder(folder.at('state'), { log: silent }), log: silent, clock });
  const stop = new AbortController();
  const sink = controlPlane.catalogSink(catalog);
  const kept = guarded(state.catalog(catalog), { log: silent, clock, onHeld: sink.held });
  void kept.run(sink, stop.signal);
  await until(() => clock.pending > 0, { what: 'the catalog to run' });
  await new Promise((resolve) => setImmediate(resolve));
  const end = async () => {
    stop.abort();
    controlPlane.close();
    await state.close();
  };
  folder.endFirst(end);
  return {
    catalog,
    clock,
    hosts() {
      controlPlane.commit();
      return [...controlPlane.graph.rows(controlPlane.mesh.tables.shards)]
        .map(([, { hostname, endpoints }]) => `${hostname} ${endpoints.length}`)
        .sort();
    },
    end,
  };
}

describe('a control plane that is started again', () => {
  async function restart(test: TestContext): Promise<Life> {
    const folder = tempFolder(test);
    const first = await live(folder);
    first.catalog.say({ api: 'abc', web: 'ab' });
    first.catalog.sink.synced();
    await first.end();
    return live(folder);
  }
  const known = ['api.service.consul 3', 'web.service.consul 2'];

  it('has what it knew while the catalog is away, and what the catalog says afterwards', async (test) => {
    const { catalog, clock, hosts } = await restart(test);
    catalog.sink.freshness({ state: 'stale', sinceMs: Date.now(), reason: 'no leader' });
    clock.advance(600_000);
    assert.deepEqual(hosts(), known);
    catalog.say({ api: 'abcd', web: 'ab' });
    catalog.sink.synced();
    catalog.sink.freshness({ state: 'live' });
    assert.deepEqual(hosts(), ['api.service.consul 4', 'web.service.consul 2']);
  });

  it('does not believe a catalog that is empty for half a minute', async (test) => {
    const { catalog, clock, hosts } = await restart(test);
    catalog.sink.synced();
    clock.advance(29_999);
    assert.deepEqual(hosts(), known);
    clock.advance(1);
    assert.deepEqual(hosts(), []);
  });

  it('has what the catalog says when it says nearly the same', async (test) => {
    const { catalog, hosts } = await restart(test);
    catalog.say({ api: 'ab', web: 'abx' });
    catalog.sink.synced();
    assert.deepEqual(hosts(), ['api.service.consul 2', 'web.service.consul 3']);
  });
});
