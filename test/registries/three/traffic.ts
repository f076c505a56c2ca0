/**
 * Run by test/registries/three.test.ts: version v1 of reviews is in Kubernetes, v2 in Consul, which alone has ratings; stock is in
 * files alone.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { must } from '../../../src/lib/assert.ts';
import { callMany } from '../../envoy/support/call.ts';
import { untilCallsLand } from '../../envoy/support/live-mesh.ts';
import { constantLoad } from '../../envoy/support/load.ts';
import { assertShares } from '../../envoy/support/statistics.ts';
import { deployment, namespace, rule, service } from '../../kubernetes/support/objects.ts';
import { until } from '../../support/until.ts';
import { serviceObjects } from '../support/service-objects.ts';
import { startThreeMesh, type ThreeMesh } from '../support/three-mesh.ts';

const urls = {
  reviews: 'http://reviews:9080/',
  ratings: 'http://ratings.service.consul:8080/',
  stock: 'http://stock:80/',
} as const;
type Name = keyof typeof urls;
/** Of the version in Kubernetes and of that in Consul, in percent. */
type Weights = readonly [v1: number, v2: number];

/** For what takes a moment, on a machine that does much else. */
const mostMs = 30_000;
/** So many calls of each service are made while nothing changes, before anything is said of them. */
const someCalls = 100;

/** Instances in Consul, each at an address of its own. */
const addresses = {
  'reviews-v2': '10.210.0.1',
  'reviews-v2b': '10.210.0.2',
  'reviews-v2c': '10.210.0.3',
  'ratings-1': '10.210.0.4',
} as const;
type Instance = keyof typeof addresses;

describe('files, Kubernetes and Consul as one mesh', () => {
  let mesh: ThreeMesh;
  let v1 = '';
  let shares: Weights = [0, 0];
  const inConsul: Instance[] = [];
  const inFiles: string[] = [];

  before(async () => {
    mesh = await startThreeMesh();
    await apply(namespace('shop'), namespace('istio-system'));
    await apply(service('shop', 'reviews'), deployment('shop', 'reviews', 'v1'));
    await register('reviews-v2', 'ratings-1');
    await stateStock('stock-1');
    await until(() => mesh.kubelet.applications.size === 1, { what: 'a Pod', mostMs });
    v1 = must([...mesh.kubelet.applications.keys()][0], 'a Pod');
    await weigh(100, 0);
    await mesh.serve();
    await untilAllLand();
  });
  after(() => mesh?.stop());

  const apply = (...objects: readonly string[]) =>
    mesh.cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects.join('\n---\n'));
  /** Makes these the weights of the canary. */
  const weigh = async (...weights: Weights) => {
    const versions = ['v1', 'v2'];
    const subsets = versions.map((version) => ({ name: version, labels: { version } }));
    const route = versions.map((subset, i) => ({ destination: { host: 'reviews', subset }, weight: weights[i] }));
    await apply(
      rule('DestinationRule', 'shop', 'reviews', { host: 'reviews', subsets }),
      rule('VirtualService', 'shop', 'reviews', { hosts: ['reviews'], http: [{ route }] }),
    );
    shares = weights;
  };

  /** Starts instances and registers them with the agent. */
  const register = async (...instances: readonly Instance[]) => {
    for (const name of instances) {
      await mesh.start(name, addresses[name]);
      inConsul.push(name);
    }
    await registerAll();
  };
  /** With an agent that may have lost them: a development agent keeps nothing, and whoever registers with it does so again. */
  const registerAll = async () => {
    for (const name of inConsul) {
      const isReviews = name.startsWith('reviews-');
      await mesh.consul.register({
        ...{
          ID: name,
          Name: isReviews ? 'reviews' : 'ratings',
          Address: addresses[name],
          Port: 8080,
          status: 'passing',
        },
        ...(isReviews ? { Meta: { version: 'v2', 'istio-port': '9080', 'istio-protocol': 'http' } } : {}),
      });
    }
  };
  /** One more instance of the service that only files have. */
  const stateStock = async (name: string) => {
    inFiles.push(name);
    await mesh.start(name, `10.220.0.${inFiles.length}`);
    const all = inFiles.map((_, i) => `10.220.0.${i + 1}`);
    mesh.writeFile('mesh/stock.yaml', `${serviceObjects('stock', all)}\n`);
  };

  /** Where calls of a service are to land. */
  const where = (name: Name): readonly string[] => {
    if (name === 'stock') return inFiles;
    const registered = inConsul.filter((instance) => instance.startsWith(`${name}-`));
    if (name === 'ratings') return registered;
    return [...(shares[0] > 0 ? [v1] : []), ...(shares[1] > 0 ? registered : [])];
  };
  const untilAllLand = async () => {
    for (const name of Object.keys(urls) as Name[])
      await untilCallsLand(mesh.proxy.httpProxy, urls[name], () => where(name));
  };

  /** Registries that /ready names as not seen, whichever of their sources it is. */
  const unseen = async () => {
    const page = await mesh.ready();
    assert.match(page, /^ready\n/);
    return [...new Set([...page.matchAll(/^(?:stale|lost) ([^/ ]+)/gm)].map(([, name = '']) => name))].sort();
  };
  const untilUnseen = async (...registries: readonly string[]) => {
    let found: readonly string[] = [];
    const isSo = async () => {
      found = await unseen();
      return found.join() === registries.join();
    };
    await until(isSo, { what: `/ready to name ${registries.join() || 'none'} as unseen`, mostMs }).catch((error) => {
      throw new Error(`${error.message}; found ${found.join() || 'none'}`, { cause: error });
    });
  };
  /** What /debug/registryz says: `reviews consul stale`. */
  const registered = async () => {
    const all = await mesh.registryz();
    const names: readonly string[] = Object.keys(urls);
    const parts = all.map(({ hostname, registry, freshness }) => [
      hostname.split('.')[0] ?? '',
      registry.split('/')[0] ?? '',
      freshness.state,
    ]);
    const lines = parts.filter(([name = '']) => names.includes(name)).map((part) => part.join(' '));
    return [...new Set(lines)].sort();
  };
  const registeredAs = (kubernetes: string, consul: string, files = 'live') => [
    `ratings consul ${consul}`,
    `reviews consul ${consul}`,
    `reviews kubernetes ${kubernetes}`,
    `stock files ${files}`,
  ];

  /** Calls all services all the time while something goes on, of which not one may fail. */
  const underLoad = async (work: (flow: () => Promise<void>) => Promise<void>) => {
    const loads = Object.values(urls).map((url) => constantLoad(mesh.proxy.httpProxy, { url }));
    /** Resolves when each service has been called many times more. */
    const flow = async () => {
      const before = loads.map(({ landings }) => landings.length);
      const goOn = () => loads.every(({ landings }, i) => landings.length >= (before[i] ?? 0) + someCalls);
      await until(goOn, { what: 'calls to go on', mostMs });
    };
    try {
      await work(flow);
    } finally {
      await Promise.all(loads.map((load) => load.stop()));
    }
    for (const [i, name] of Object.keys(urls).entries()) {
      const landings = loads[i]?.landings ?? [];
      assert.ok(landings.length >= someCalls, `expected many calls of ${name}, found ${landings.length}`);
      const failed = landings.filter((landing) => !landing.startsWith(`${name}-`));
      assert.deepEqual([...new Set(failed)], [], `${failed.length} of ${landings.length} calls of ${name} failed`);
    }
  };

  test('shift one host by weight from Kubernetes to Consul', () =>
    underLoad(async () => {
      const steps: readonly Weights[] = [
        [100, 0],
        [50, 50],
        [0, 100],
        [50, 50],
      ];
      for (const weights of steps) {
        await weigh(...weights);
        await untilAllLand();
        const expected = { [v1]: weights[0] / 100, 'reviews-v2': weights[1] / 100 };
        assertShares(await callMany(mesh.proxy.httpProxy, { url: urls.reviews }, 1000), expected);
      }
    }));

  test('go on while Consul is killed, and take what it says afterwards', () =>
    underLoad(async (flow) => {
      await mesh.consul.stop('SIGKILL');
      await untilUnseen('consul');
      assert.deepEqual(await registered(), registeredAs('live', 'stale'));
      await flow();
      assert.deepEqual(await unseen(), ['consul']);
      await untilAllLand();
      await mesh.consul.start();
      await registerAll();
      await untilUnseen();
      assert.deepEqual(await registered(), registeredAs('live', 'live'));
      await register('reviews-v2b');
      await untilAllLand();
    }));

  test('go on while the API server is killed, and take what it says afterwards', () =>
    underLoad(async (flow) => {
      await mesh.cluster.stopApiserver('SIGKILL');
      await untilUnseen('kubernetes');
      assert.deepEqual(await registered(), registeredAs('stale', 'live'));
      await flow();
      assert.deepEqual(await unseen(), ['kubernetes']);
      await untilAllLand();
      await mesh.cluster.startApiserver();
      await untilUnseen();
      assert.deepEqual(await registered(), registeredAs('live', 'live'));
      await weigh(0, 100);
      await untilAllLand();
      await weigh(50, 50);
      await untilAllLand();
    }));

  test('go on while the files are away, and take what they say afterwards', () =>
    underLoad(async (flow) => {
      mesh.moveFilesAway();
      await untilUnseen('files');
      assert.deepEqual(await registered(), registeredAs('live', 'live', 'stale'));
      const stock = (await mesh.registryz()).find(({ hostname }) => hostname.startsWith('stock.'));
      assert.equal(stock?.freshness.reason, 'mesh cannot be read');
      await flow();
      assert.deepEqual(await unseen(), ['files']);
      await untilAllLand();
      mesh.bringFilesBack();
      await untilUnseen();
      assert.deepEqual(await registered(), registeredAs('live', 'live'));
      await stateStock('stock-2');
      await untilAllLand();
    }));

  test('go on while all are away and Fairway is killed and started again, and take what each says afterwards', () =>
    underLoad(async (flow) => {
      // What has just changed is on the disk within five seconds.
      const isKept = () => mesh.kept('files').includes('10.220.0.2') && mesh.kept('consul/dc1').includes('reviews-v2b');
      await until(isKept, { what: 'what is known to be kept', mostMs });
      mesh.moveFilesAway();
      await Promise.all([mesh.consul.stop('SIGKILL'), mesh.cluster.stopApiserver('SIGKILL')]);
      await untilUnseen('consul', 'files', 'kubernetes');
      await flow();
      const connections = () => mesh.proxy.envoy.stats('control_plane.connected_state');
      const isConnected = async () => [...(await connections()).values()].includes(1);
      await mesh.kill();
      await until(async () => !(await isConnected()), { what: 'the proxy to lose its control plane', mostMs });
      await flow();
      await mesh.serve();
      await until(isConnected, { what: 'the proxy to be connected again', mostMs });
      await untilUnseen('consul', 'files', 'kubernetes');
      assert.deepEqual(await registered(), registeredAs('stale', 'stale', 'stale'));
      await flow();
      await untilAllLand();

      mesh.bringFilesBack();
      await mesh.consul.start();
      await registerAll();
      await mesh.cluster.startApiserver();
      await untilUnseen();
      assert.deepEqual(await registered(), registeredAs('live', 'live'));
      await register('reviews-v2c');
      await stateStock('stock-3');
      await untilAllLand();
      await weigh(0, 100);
      await untilAllLand();
    }));
});
