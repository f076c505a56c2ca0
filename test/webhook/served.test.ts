/** The webhook beside a control plane: it needs no source, is counted, and ends with it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import { it, type TestContext } from 'node:test';
import { startDiscoveryServer } from '../../src/discovery-server.ts';
import { usualDiscoveryAddress } from '../../src/inject/settings.ts';
import { listen } from '../../src/lib/listen.ts';
import { silent } from '../../src/lib/log.ts';
import { reviewText } from '../support/admission.ts';
import { meshConfigIn } from '../support/control-plane.ts';
import { usualSettings } from '../support/injection.ts';
import { serveMesh } from '../support/served-mesh.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ask, certificateOf } from './support/webhook.ts';

const rule = (weight: number) =>
  reviewText(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}, weight: ${weight}}]}]}
`);
const pair = certificateOf('webhook');
const local = { host: '127.0.0.1', port: 0 };

function webhookIn(test: TestContext, address = local) {
  const folder = tempFolder(test);
  folder.write('tls.crt', pair.certificate);
  folder.write('tls.key', pair.key);
  const meshConfig = { namespace: 'istio-system', name: 'istio' };
  return { address, certPath: folder.at('tls.crt'), keyPath: folder.at('tls.key'), meshConfig };
}

const portIn = (logged: readonly string[]) =>
  Number(logged.map((line) => /the webhook on https:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]).find((port) => port));

it('reviews are answered before any source has delivered, and counted under Istio’s names', async (test) => {
  const mesh = await serveMesh(test, { webhook: webhookIn(test) });
  const port = portIn(mesh.logged);
  assert.deepEqual(
    [(await ask(port, rule(1))).status, (await ask(port, rule(-1))).status, (await ask(port, '{')).status],
    [200, 200, 400],
  );
  assert.equal((await mesh.get('/ready')).status, 503);
  const metrics = (await (await mesh.get('/metrics')).text()).split('\n');
  const labels = 'group="networking.istio.io",version="v1",resource="virtualservices"';
  const wanted = [
    `galley_validation_passed{${labels}} 1`,
    `galley_validation_failed{${labels},reason="invalid_resource"} 1`,
    'galley_validation_http_error{status="400"} 1',
    'fairway_webhook_duration_seconds_count 3',
    `fairway_webhook_certificate_expiry_timestamp_seconds ${Date.parse(new X509Certificate(pair.certificate).validTo) / 1000}`,
  ];
  assert.deepEqual(
    wanted.filter((line) => !metrics.includes(line)),
    [],
  );
});

it('pods are injected as the MeshConfig says, once it is known', async (test) => {
  const { mesh: _, ...injected } = usualSettings;
  const mesh = await serveMesh(test, { webhook: { ...webhookIn(test), injected } });
  const port = portIn(mesh.logged);
  const pod = reviewText(`apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
`);
  const askInjection = () => ask(port, pod, { path: '/inject' });
  assert.deepEqual(await askInjection(), {
    status: 503,
    allow: undefined,
    body: 'no sidecar yet: the configuration of the mesh is not known\n',
  });
  mesh.source.sync();
  const { controlPlane } = await mesh.started;
  const configs = async () => {
    const { response } = JSON.parse((await askInjection()).body) as { readonly response: { readonly patch: string } };
    const patch = Buffer.from(response.patch, 'base64').toString();
    return /"name":"PROXY_CONFIG","value":("(?:[^"\\]|\\.)*")/.exec(patch)?.[1];
  };
  const address = { discoveryAddress: usualDiscoveryAddress };
  const textOf = (config: object) => JSON.stringify(JSON.stringify(config));
  assert.equal(await configs(), textOf(address));
  controlPlane.setMeshConfig(meshConfigIn('{ defaultConfig: { concurrency: 3, drainDuration: 5s } }'));
  controlPlane.commit();
  assert.equal(await configs(), textOf({ ...address, concurrency: 3, drainDuration: '5s' }));
  const metrics = (await (await mesh.get('/metrics')).text()).split('\n');
  const wanted = ['requests', 'success'].map((what) => `sidecar_injection_${what}_total 2`);
  assert.deepEqual(
    wanted.filter((line) => !metrics.includes(line)),
    [],
  );
});

it('the webhook ends with the control plane', async (test) => {
  const mesh = await serveMesh(test, { webhook: webhookIn(test) });
  mesh.source.sync();
  const port = portIn(mesh.logged);
  await (await mesh.started).close(0);
  await assert.rejects(ask(port, rule(1)), { code: 'ECONNREFUSED' });
});

it('who has no webhook has no metrics of one', async (test) => {
  const mesh = await serveMesh(test);
  assert.doesNotMatch(await (await mesh.get('/metrics')).text(), /galley|webhook/);
});

it('an address that another process has is one clear line', async (test) => {
  const other = createServer();
  test.after(() => {
    other.close();
  });
  const address = await listen(other, local, silent);
  const started = startDiscoveryServer({
    sources: [],
    xdsAddress: local,
    httpAddress: local,
    cluster: 'c1',
    domainSuffix: 'cluster.local',
    version: '1.2.3',
    log: silent,
    webhook: webhookIn(test, address),
  });
  await assert.rejects(started, {
    name: 'ListenError',
    message: `cannot serve webhook on 127.0.0.1:${address.port}: another process listens there`,
  });
});
