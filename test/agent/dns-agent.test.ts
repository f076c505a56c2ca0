/** A pod's DNS as a whole: names of a control plane as it is served, asked by c-ares, the resolver within Node. */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { describe, it, type TestContext } from 'node:test';
import { DnsAgent } from '../../src/agent/dns/dns-agent.ts';
import { silent } from '../../src/lib/log.ts';
import { addressOf, answerOf, type Nameserver, nameserver } from '../support/dns.ts';
import { until } from '../support/until.ts';
import { type Mesh, serveMesh } from '../xds/support/mesh.ts';
import { service } from '../xds/support/objects.ts';

const headless =
  'apiVersion: v1\nkind: Service\nmetadata: { name: db, namespace: data }\nspec: { clusterIP: None, ports: [{ port: 5432 }] }\n';
const pods = (...addresses: readonly string[]) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: db-1, namespace: data, labels: { kubernetes.io/service-name: db } }\naddressType: IPv4\nports: [{ port: 5432 }]\nendpoints: [${addresses.map((address, i) => `{ addresses: [${address}], hostname: db-${i} }`).join(', ')}]\n`;
const entry = (hosts: string, more = 'resolution: DNS') =>
  `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: out, namespace: shop }\nspec: { hosts: [${hosts}], ports: [{ number: 80, name: http, protocol: HTTP }], ${more} }\n`;

interface Pod {
  readonly agent: DnsAgent;
  /** Addresses, sorted; the code of the error where there are none. */
  look(name: string, type?: 'A' | 'AAAA'): Promise<string>;
  readonly resolver: Resolver;
}

/** Its second address is not of this machine: such are passed over. */
function agentOf(mesh: Mesh, upstreams: readonly Nameserver[], port = 0): DnsAgent {
  return new DnsAgent({
    namespace: 'shop',
    domainSuffix: 'cluster.local',
    hosts: ['127.0.0.1', '192.0.2.77'],
    port,
    upstreams: () => upstreams,
    xds: { host: '127.0.0.1', port: mesh.port },
    node: {
      id: 'sidecar~10.1.0.1~web-1.shop~shop.svc.cluster.local',
      cluster: 'web.shop',
      metadata: { NAMESPACE: 'shop', DNS_CAPTURE: 'true' },
    },
    log: silent,
  });
}

/** A pod of the namespace shop, with the names that the mesh has now. */
async function startPod(test: TestContext, mesh: Mesh): Promise<Pod> {
  const outside = await nameserver(test, (message) => [
    message.includes('elsewhere') ? addressOf(message, '192.0.2.1') : answerOf(message, { flags: 3 }),
  ]);
  const agent = agentOf(mesh, [outside]);
  test.after(() => agent.close());
  const port = await agent.start();
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${port}`]);
  await until(() => agent.names.size > 0, { what: 'names' });
  const look: Pod['look'] = async (name, type = 'A') => {
    try {
      const found = await (type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name));
      return found.sort().join(' ');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? '';
    }
  };
  return { agent, look, resolver };
}

describe('a pod whose agent answers DNS', () => {
  it('finds services by every name that they have', async (test) => {
    const { look } = await startPod(test, await serveMesh(test, [service('a')]));
    for (const name of ['a', 'a.shop', 'a.shop.svc', 'a.shop.svc.cluster.local', 'A.Shop.SVC.cluster.local'])
      assert.deepEqual([name, await look(name)], [name, '10.96.0.10']);
    assert.equal(await look('a', 'AAAA'), 'ENODATA');
  });

  it('finds them as resolvers ask with search domains, first to last', async (test) => {
    const { look } = await startPod(test, await serveMesh(test, [service('a'), headless, pods('10.1.0.1')]));
    // options ndots:5, as kubelets write it: each of these comes before the name as it is.
    assert.equal(await look('a.shop.svc.cluster.local'), '10.96.0.10');
    assert.equal(await look('db.data.shop.svc.cluster.local'), '10.1.0.1');
    assert.equal(await look('a.shop.svc.cluster.local.shop.svc.cluster.local'), '10.96.0.10');
    assert.equal(await look('nobody.shop.svc.cluster.local'), 'ENOTFOUND');
  });

  it('finds hosts of ServiceEntries at addresses that are made for them, and by wildcards', async (test) => {
    const mesh = await serveMesh(test, [entry('api.test')]);
    const { look } = await startPod(test, mesh);
    const address = await look('api.test');
    assert.match(address, /^240\.\d+\.\d+\.\d+$/);
    assert.equal(await look('api.test.shop.svc.cluster.local'), address);
    mesh.apply(entry('"*.wild.test"', 'addresses: [240.9.9.9], resolution: NONE'));
    await until(async () => (await look('one.wild.test')) === '240.9.9.9', { what: 'the wildcard' });
    assert.equal(await look('one.wild.test.shop.svc.cluster.local'), '240.9.9.9');
    assert.equal(await look('wild.test'), 'ENOTFOUND');
    assert.equal(await look('api.test'), 'ENOTFOUND');
  });

  it('finds the pods of headless services, and follows them', async (test) => {
    const mesh = await serveMesh(test, [headless, pods('10.1.0.1', '10.1.0.2')]);
    const { look } = await startPod(test, mesh);
    assert.equal(await look('db.data'), '10.1.0.1 10.1.0.2');
    assert.equal(await look('db-1.db.data'), '10.1.0.2');
    assert.equal(await look('db-1.db.data.svc.cluster.local'), '10.1.0.2');
    mesh.apply(pods('10.1.0.7'));
    await until(async () => (await look('db.data')) === '10.1.0.7', { what: 'the new pod' });
    assert.deepEqual([await look('db-0.db.data'), await look('db-1.db.data')], ['10.1.0.7', 'ENOTFOUND']);
    mesh.apply(pods());
    await until(async () => (await look('db.data')) === 'ENOTFOUND', { what: 'the answer of others' });
  });

  it('finds all of three hundred pods, over TCP where they are too many', async (test) => {
    const all = Array.from({ length: 300 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    const { resolver } = await startPod(test, await serveMesh(test, [headless, pods(...all)]));
    assert.deepEqual((await resolver.resolve4('db.data')).sort(), [...all].sort());
  });

  it('finds first one pod, then another, with a lifetime that is short', async (test) => {
    const { resolver } = await startPod(test, await serveMesh(test, [headless, pods('10.1.0.1', '10.1.0.2')]));
    const first = new Set<string>();
    await until(
      async () => {
        const [{ address, ttl } = { address: '', ttl: 0 }] = await resolver.resolve4('db.data', { ttl: true });
        assert.equal(ttl, 30);
        return first.add(address).size === 2;
      },
      { what: 'both of them in front' },
    );
  });

  it('finds the rest of the world where it found it before', async (test) => {
    const { look } = await startPod(test, await serveMesh(test, [service('a')]));
    assert.deepEqual([await look('elsewhere.test'), await look('nowhere.test')], ['192.0.2.1', 'ENOTFOUND']);
  });

  it('is ready when names are told, even if there are none', async (test) => {
    const mesh = await serveMesh(test, []);
    const agent = agentOf(mesh, []);
    test.after(() => agent.close());
    assert.equal(agent.whyNotReady, 'the control plane has not told names for DNS yet');
    await agent.start();
    await until(() => agent.whyNotReady === undefined, { what: 'readiness' });
  });

  it('says when its port is taken', async (test) => {
    const mesh = await serveMesh(test, []);
    const first = agentOf(mesh, []);
    test.after(() => first.close());
    const second = agentOf(mesh, [], await first.start());
    test.after(() => second.close());
    await assert.rejects(second.start(), /EADDRINUSE/);
  });

  it('finds what it knew while the control plane is away', async (test) => {
    const mesh = await serveMesh(test, [service('a')]);
    const { look } = await startPod(test, mesh);
    await mesh.close(0);
    assert.deepEqual([await look('a'), await look('elsewhere.test')], ['10.96.0.10', '192.0.2.1']);
  });
});
