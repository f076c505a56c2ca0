/** Leader election on a real API server, between candidates that die, freeze and go. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '../../src/kubernetes/api-client.ts';
import { parseKubeconfig } from '../../src/kubernetes/kubeconfig.ts';
import { LeaderElection } from '../../src/kubernetes/leader-election.ts';
import { leaseStore } from '../../src/kubernetes/lease.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { silent } from '../../src/lib/log.ts';
import { until } from '../support/until.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { quickElection } from './support/replica.ts';
import { describeWithKubernetes } from './support/suite.ts';

interface Candidate {
  readonly election: LeaderElection;
  /** Nothing of it runs any more; its requests that are under way go on. */
  freeze(): void;
  end(): Promise<void>;
}

interface LeaseObject {
  readonly metadata: { readonly labels?: object };
  readonly spec: { readonly holderIdentity: string; readonly leaseTransitions: number; readonly renewTime: string };
}

describeWithKubernetes('a Lease of a real API server', () => {
  let cluster: Cluster;
  const candidates: Candidate[] = [];
  const leases = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${leases('default')}/fairway-leader`;

  before(async () => {
    cluster = await startCluster();
  });
  after(async () => {
    await Promise.all(candidates.map((one) => one.end()));
    await cluster?.stop();
  });

  function add(identity: string, skewMs = 0): Candidate {
    const access = parseKubeconfig(cluster.kubeconfigOf(cluster.adminToken), 'test', {});
    const client = new ApiClient({ access, userAgent: 'test' });
    let isFrozen = false;
    const clock: Clock = {
      now: () => systemClock.now(),
      after: (ms, work) => systemClock.after(ms, () => (isFrozen ? undefined : work())),
    };
    const election = new LeaderElection({
      lease: leaseStore(client, 'default', 'fairway-leader'),
      identity,
      log: silent,
      onStarted: () => {},
      onStopped: () => {},
      times: quickElection,
      clock,
      now: () => Date.now() + skewMs,
    });
    const stop = new AbortController();
    const running = election.run(stop.signal);
    const candidate = {
      election,
      freeze: () => {
        isFrozen = true;
      },
      end: async () => {
        stop.abort();
        if (!isFrozen) await running;
        client.close();
      },
    };
    candidates.push(candidate);
    return candidate;
  }
  const leaders = () => candidates.filter(({ election }) => election.isLeader).map(({ election }) => election.identity);
  const untilLed = (by: string, mostMs: number) =>
    until(
      () => {
        assert.ok(leaders().length <= 1, `${leaders().join(' and ')} lead at once`);
        return leaders()[0] === by;
      },
      { what: `${by} to lead`, mostMs },
    );
  const lease = () => cluster.api<LeaseObject>('GET', path);

  test('changes hands at once when it is given back', async () => {
    const a = add('a');
    await untilLed('a', 5000);
    assert.equal((await lease()).spec.holderIdentity, 'a');
    await cluster.api('PATCH', path, { metadata: { labels: { seen: 'yes' } } });
    add('b', 600_000);
    await a.end();
    await untilLed('b', 2000);
    const { spec, metadata } = await lease();
    assert.deepEqual([spec.holderIdentity, spec.leaseTransitions, metadata.labels], ['b', 1, { seen: 'yes' }]);
  });

  test('changes hands when its holder is frozen, but not before its time is over', async () => {
    const [, b] = candidates;
    add('c', -600_000);
    b?.freeze();
    const startedMs = performance.now();
    await untilLed('c', 10_000);
    assert.ok(performance.now() - startedMs > quickElection.leaseMs - quickElection.retryMs * 4);
  });

  test('is nobody’s while the API server is away, and somebody’s when it is back', async () => {
    add('d');
    await cluster.stopApiserver('SIGKILL');
    await until(() => leaders().length === 0, { what: 'nobody to lead', mostMs: quickElection.renewMs + 1000 });
    await cluster.startApiserver();
    await until(() => leaders().length === 1, { what: 'somebody to lead', mostMs: 10_000 });
  });

  /** Runs `fairway serve` until `isDone`, ends it with SIGTERM and yields what it wrote. */
  async function serve(isDone: (log: string) => Promise<boolean>, ...more: readonly string[]): Promise<string> {
    const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const args = ['serve', '--kubeconfig', cluster.kubeconfigPath, '--log-format', 'text', '--drain', '1s', ...more];
    for (const what of ['xds', 'http']) args.push(`--${what}-address`, '127.0.0.1:0');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args]);
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    const closed = once(child, 'close');
    try {
      await until(() => isDone(log), { what: 'the server to be where it should', mostMs: 30_000 });
    } finally {
      child.kill('SIGTERM');
      await closed;
    }
    assert.equal(child.exitCode, 0, log);
    return log;
  }

  test('is not asked for with --no-status', async () => {
    await cluster.kubectl(['create', 'namespace', 'istio-system']);
    const log = await serve(async (text) => text.includes('serving xDS'), '--no-status');
    assert.doesNotMatch(log, /leader election/);
    assert.deepEqual((await cluster.api<{ items: object[] }>('GET', leases('istio-system'))).items, []);
  });

  test('is given back by `fairway serve` when it ends', async () => {
    const own = () => cluster.api<LeaseObject>('GET', `${leases('istio-system')}/fairway-leader`);
    const log = await serve(() =>
      own().then(
        ({ spec }) => spec.holderIdentity !== '',
        () => false,
      ),
    );
    assert.match(log, /leads now.*draining.*leads no longer: it ends.*stopped/s);
    assert.equal((await own()).spec.holderIdentity, '');
  });
});
