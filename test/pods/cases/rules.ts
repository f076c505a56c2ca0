/** Run by test/pods/rules.test.ts: what rules make of calls, on the way out of a pod and on the way into one. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '../../support/until.ts';
import type { PodApplication } from '../support/application.ts';
import type { Tally } from '../support/commands.ts';
import { rule, service, workload } from '../support/objects.ts';
import { type PodMesh, startPodMesh } from '../support/pod-mesh.ts';

const url = 'http://reviews:9080/';
const args = ['--http', '9080'];
const mostMs = 20_000;
/** A tenth of this many calls is hit within a third, but once in thousands of runs. */
const many = 400;

describe('rules for pods', () => {
  let mesh: PodMesh;
  let client: PodApplication;
  const applied: string[] = [];
  const apply = async (...objects: readonly string[]) => {
    applied.push(...objects);
    await mesh.apply(...objects);
  };
  const version = (name: string) => mesh.application('reviews', name);
  const landingOf = async (headers: Record<string, string> = {}) => (await client.call({ url, headers })).landing;
  const tallyOf = (count: number): Promise<Tally> => client.callMany({ url, count });
  const untilTally = (what: string, holds: (tally: Tally) => boolean) =>
    until(async () => holds(await tallyOf(12)), { what, mostMs });

  before(async () => {
    mesh = await startPodMesh();
    await mesh.apply(
      service('reviews', [{ name: 'http', port: 9080 }]),
      workload({ app: 'reviews', version: 'v1', args }),
      workload({ app: 'reviews', version: 'v2', node: 'far', args }),
      workload({ app: 'client', args }),
    );
    await Promise.all([
      mesh.untilReady(1, 'reviews', 'v1'),
      mesh.untilReady(1, 'reviews', 'v2'),
      mesh.untilReady(1, 'client'),
    ]);
    client = mesh.application('client');
    await usual();
  });
  const usual = () =>
    untilTally('both versions', ({ 'reviews-v1': v1 = 0, 'reviews-v2': v2 = 0 }) => v1 > 0 && v2 > 0 && v1 + v2 === 12);
  afterEach(async () => {
    await mesh.remove(...applied.splice(0));
    for (const name of ['v1', 'v2']) await version(name).forget();
    await usual();
  });
  after(() => mesh?.stop());

  const subsets = rule('DestinationRule', 'reviews', {
    host: 'reviews',
    subsets: ['v1', 'v2'].map((name) => ({ name, labels: { version: name } })),
  });
  const routed = (...http: readonly object[]) => rule('VirtualService', 'reviews', { hosts: ['reviews'], http });
  const to = (subset: string, more: object = {}) => ({ destination: { host: 'reviews', subset }, ...more });

  test('send a share of the calls to a canary', async () => {
    await apply(subsets, routed({ route: [to('v1', { weight: 90 }), to('v2', { weight: 10 })] }));
    await untilTally('more calls of v1', ({ 'reviews-v1': v1 = 0 }) => v1 >= 9);
    const { 'reviews-v1': v1 = 0, 'reviews-v2': v2 = 0 } = await tallyOf(many);
    assert.equal(v1 + v2, many);
    assert.ok(v2 > many * 0.03 && v2 < many * 0.2, `expected a tenth of ${many} calls, found ${v2}`);
  });

  test('send some people to another version', async () => {
    await apply(
      subsets,
      routed({ match: [{ headers: { 'end-user': { exact: 'jason' } } }], route: [to('v2')] }, { route: [to('v1')] }),
    );
    await untilTally('v1 for everybody else', ({ 'reviews-v1': v1 = 0 }) => v1 === 12);
    assert.equal(await landingOf({ 'end-user': 'jason' }), 'reviews-v2');
  });

  test('try again', async () => {
    const attempts = { attempts: 3, retryOn: '5xx' };
    await apply(subsets, routed({ route: [to('v1')], retries: attempts }));
    await untilTally('v1 alone', ({ 'reviews-v1': v1 = 0 }) => v1 === 12);
    await version('v1').forget();
    await version('v1').behave({ reply: { status: 500 }, count: 2 });
    assert.equal(await landingOf(), 'reviews-v1');
    assert.equal((await version('v1').received()).length, 3);
  });

  test('make calls fail', async () => {
    const fault = { abort: { httpStatus: 418, percentage: { value: 100 } } };
    await apply(subsets, routed({ fault, route: [to('v1')] }));
    await until(async () => (await landingOf()).startsWith('418'), { what: 'a fault', mostMs });
    await version('v1').forget();
    await tallyOf(4);
    assert.deepEqual(await version('v1').received(), []);
  });

  test('wait for so long only', async () => {
    await version('v1').behave({ reply: { delayMs: 3000 } });
    await version('v2').behave({ reply: { delayMs: 3000 } });
    await apply(routed({ route: [{ destination: { host: 'reviews' } }], timeout: '0.2s' }));
    await until(async () => (await landingOf()).startsWith('504'), { what: 'a timeout', mostMs });
  });

  test('eject a pod that fails', async () => {
    await version('v2').behave({ reply: { status: 503 } });
    const outlierDetection = {
      consecutive5xxErrors: 2,
      interval: '0.1s',
      baseEjectionTime: '60s',
      maxEjectionPercent: 100,
    };
    await apply(
      rule('DestinationRule', 'reviews', { host: 'reviews', trafficPolicy: { outlierDetection } }),
      // Otherwise nobody would notice that it fails.
      routed({ route: [{ destination: { host: 'reviews' } }], retries: { attempts: 0 } }),
    );
    await untilTally('no more failures', ({ 'reviews-v1': v1 = 0 }) => v1 === 12);
    assert.deepEqual(await tallyOf(100), { 'reviews-v1': 100 });
  });

  test('stay in the zone while it can answer, and leave it then', async () => {
    const trafficPolicy = {
      loadBalancer: { localityLbSetting: { enabled: true, failoverPriority: ['topology.kubernetes.io/zone'] } },
      outlierDetection: { consecutive5xxErrors: 1, interval: '0.1s', baseEjectionTime: '60s', maxEjectionPercent: 100 },
    };
    await apply(rule('DestinationRule', 'reviews', { host: 'reviews', trafficPolicy }));
    await untilTally('the zone of the client', ({ 'reviews-v1': v1 = 0 }) => v1 === 12);
    await version('v1').behave({ reply: { status: 503 } });
    await untilTally('the other zone', ({ 'reviews-v2': v2 = 0 }) => v2 === 12);
  });

  test('count at the door of a pod, whoever calls', async () => {
    await version('v1').behave({ reply: { delayMs: 300 } });
    await version('v2').behave({ reply: { delayMs: 300 } });
    const inboundConnectionPool = { http: { http1MaxPendingRequests: 1 }, tcp: { maxConnections: 1 } };
    await apply(
      rule('Sidecar', 'reviews', { workloadSelector: { labels: { app: 'reviews' } }, inboundConnectionPool }),
      routed({ route: [{ destination: { host: 'reviews' } }], retries: { attempts: 0 } }),
    );
    await untilTally('refusals by the pods themselves', (tally) =>
      Object.keys(tally).some((landing) => landing.startsWith('503 upstream connect error or disconnect')),
    );
  });
});
