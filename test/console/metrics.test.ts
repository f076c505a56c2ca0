/** What /metrics counts, under Istio's names. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { clusterType, listenerType } from '../../src/resource/types.ts';
import { type AskingProxy, connectProxy } from '../support/asking-proxy.ts';
import { type ServedMesh, serveMesh } from '../support/served-mesh.ts';

const service = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}, {name: grpc, port: 90}]}
`;
const slice = (ready: boolean) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: reviews-a, namespace: shop, labels: {kubernetes.io/service-name: reviews}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.1.0.1], conditions: {ready: ${ready}, terminating: false}}]
`;
const rule = (host: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {${host}: [reviews], http: [{route: [{destination: {host: reviews}}]}]}
`;
const client: Omit<AskingProxy, 'port'> = {
  id: 'sidecar~10.1.0.9~app-1.shop~shop.svc.cluster.local',
  metadata: { NAMESPACE: 'shop' },
  subscriptions: { [clusterType]: [], [listenerType]: [] },
};

/** Values by name and labels, as they stand in the text: `pilot_xds{version="1.2.3"}`. */
async function metricsOf(mesh: ServedMesh): Promise<ReadonlyMap<string, number>> {
  const text = await (await mesh.get('/metrics')).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** Serves a service. */
async function serveOne({ source, started }: ServedMesh) {
  source.apply(service);
  source.sync();
  return started;
}

describe('/metrics', () => {
  /** Metrics after the mesh has been given objects and a proxy has been answered. */
  function check(
    name: string,
    act: (mesh: ServedMesh) => void | Promise<void>,
    expected: { readonly [metric: string]: number | undefined },
    proxy?: Partial<AskingProxy>,
  ): void {
    it(name, async (test) => {
      const mesh = await serveMesh(test);
      const { xdsAddress, controlPlane } = await serveOne(mesh);
      if (proxy !== undefined) await connectProxy(test, { ...client, ...proxy, port: xdsAddress.port });
      await act(mesh);
      controlPlane.commit();
      const found = new Map<string, number | undefined>();
      const read = async () => {
        const metrics = await metricsOf(mesh);
        for (const metric of Object.keys(expected)) found.set(metric, metrics.get(metric));
      };
      await read();
      assert.deepEqual(Object.fromEntries(found), expected);
    });
  }

  check('names the version', () => {}, { 'pilot_info{version="1.2.3"}': 1 });
  check(
    'counts services, rules and what is missing of endpoints',
    ({ source }) => source.apply(`${slice(false)}---\n${rule('hosts')}`),
    {
      pilot_services: 1,
      pilot_virt_services: 1,
      pilot_endpoint_not_ready: 1,
      pilot_eds_no_instances: 1,
      pilot_dns_cluster_without_endpoints: 0,
    },
  );
  check(
    'counts what sources report, and what came into force because of it',
    ({ source }) => source.apply(`${slice(true)}---\n${rule('hosts')}`),
    {
      'pilot_inbound_updates{type="svc"}': 1,
      'pilot_inbound_updates{type="eds"}': 1,
      'pilot_inbound_updates{type="config"}': 1,
      'pilot_push_triggers{type="service"}': 1,
      'pilot_push_triggers{type="endpoint"}': 1,
      'pilot_push_triggers{type="config"}': 1,
    },
  );
  check(
    'counts proxies and what they were sent',
    () => {},
    {
      'pilot_xds{version="1.2.3"}': 1,
      'pilot_xds_pushes{type="cds"}': 1,
      'pilot_xds_pushes{type="lds"}': 1,
      'pilot_xds_config_size_bytes_count{type="cds"}': 1,
      'pilot_xds_send_time_count{type="cds"}': 1,
      pilot_no_ip: 1,
    },
    {},
  );
  check('counts no proxy without one', () => {}, { 'pilot_xds{version="1.2.3"}': 0, pilot_no_ip: 0 });
  check(
    'counts rejections, and shows the one that stands',
    () => {},
    {
      'pilot_total_xds_rejects{type="lds"}': 1,
      'pilot_xds_lds_reject{node="app-1.shop-1",err="no such filter"}': 1,
      'pilot_total_xds_rejects{type="cds"}': undefined,
    },
    { rejects: { type: listenerType, message: 'no such filter' } },
  );
  check('counts objects that are refused, and every problem by code', ({ source }) => source.apply(rule('host')), {
    'pilot_total_rejected_configs{type="VirtualService"}': 1,
    'fairway_problems{code="FW0003",severity="error"}': 1,
    pilot_virt_services: 0,
  });
  check(
    'says which source cannot see what is there',
    ({ source }) => source.sink.freshness({ state: 'stale', sinceMs: 0, reason: 'lost' }),
    {
      'fairway_source_stale{source="memory"}': 1,
      'fairway_source_state{source="memory",state="live"}': 0,
      'fairway_source_state{source="memory",state="lost"}': 1,
    },
  );
  check('says that a source sees what is there', () => {}, {
    'fairway_source_stale{source="memory"}': 0,
    'fairway_source_state{source="memory",state="live"}': 1,
    'fairway_source_state{source="memory",state="lost"}': 0,
    'fairway_source_unseen_seconds{source="memory"}': 0,
  });
});

it('docs/serve.md lists every metric of ours and of Istio’s, with its labels, and no other', async (test) => {
  const mesh = await serveMesh(test);
  const { controlPlane } = await serveOne(mesh);
  const page = readFileSync(new URL('../../docs/serve.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('## Metrics')).split('\n');
  const documented = table.flatMap((line) => /^\| `((?:pilot|fairway)_\w+)/.exec(line)?.[1] ?? []);
  controlPlane.commit();
  const text = await (await mesh.get('/metrics')).text();
  const found = [...text.matchAll(/^# TYPE ((?:pilot|fairway)_\w+) /gm)].map(([, name]) => name);
  assert.deepEqual([...documented].sort(), found.sort());
});

it('the time from a change to the proxy’s answer is counted', async (test) => {
  const mesh = await serveMesh(test);
  const proxy = await connectProxy(test, { ...client, port: (await serveOne(mesh)).xdsAddress.port });
  assert.equal((await metricsOf(mesh)).get('pilot_proxy_convergence_time_count'), 0);
  mesh.source.apply(service.replaceAll('reviews', 'ratings').replace('10.0.0.1', '10.0.0.2'));
  proxy.ack(await proxy.next());
  await proxy.received();
  const metrics = await metricsOf(mesh);
  assert.equal(metrics.get('pilot_proxy_convergence_time_count'), 1);
  assert.equal(metrics.get('pilot_proxy_convergence_time_bucket{le="+Inf"}'), 1);
});

it('an answer about an earlier response is counted', async (test) => {
  const mesh = await serveMesh(test);
  const proxy = await connectProxy(test, { ...client, port: (await serveOne(mesh)).xdsAddress.port });
  proxy.request(clusterType, { responseNonce: 'long ago' });
  await proxy.heard();
  assert.equal((await metricsOf(mesh)).get('pilot_xds_expired_nonce{type="cds"}'), 1);
});
