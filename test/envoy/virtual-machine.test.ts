/** A workload outside of any cluster: `fairway proxy` as a VM runs it, with a real Envoy, and a control plane of files. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, test } from 'node:test';
import { ProxyProcess } from '../../src/agent/proxy.ts';
import { envoyArguments } from '../../src/agent/proxy-bootstrap.ts';
import { parseProxyConfig } from '../../src/agent/proxy-config.ts';
import { type DiscoveryServer, startDiscoveryServer } from '../../src/discovery-server.ts';
import { fileSource } from '../../src/files/file-source.ts';
import { must } from '../../src/lib/assert.ts';
import { silent } from '../../src/lib/log.ts';
import type { AddressBlock } from '../../src/up/address-block.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { describeWithEnvoy } from './support/suite.ts';
import { takeTestBlock } from './support/test-blocks.ts';

const objects = `
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: vms, namespace: shop}
spec:
  template: {labels: {app: stock}, serviceAccount: stock, ports: {http: 8080}}
  probe: {httpGet: {path: /ready, port: 8080}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: stock, namespace: shop}
spec:
  hosts: [stock.shop.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]
  workloadSelector: {labels: {app: stock}}
`;

describeWithEnvoy('a virtual machine', (envoy) => {
  let block: AddressBlock;
  let folder: TempFolder;
  let server: DiscoveryServer;
  let application: Server;
  let proxy: ProxyProcess;
  const cleanUps: (() => void)[] = [];

  const serve = (port: number) =>
    startDiscoveryServer({
      sources: [fileSource({ paths: [folder.at('mesh.yaml')], log: silent })],
      registration: { graceMs: 500 },
      xdsAddress: { host: '127.0.0.1', port },
      httpAddress: { host: '127.0.0.1', port: 0 },
      cluster: 'Kubernetes',
      domainSuffix: 'cluster.local',
      version: 'test',
      log: silent,
    });
  /** Where it serves, and where its application does. */
  const [ip, behind] = [() => block.at(1, 1), () => block.at(2, 1)];
  const endpoints = () =>
    server.controlPlane.graph
      .read(server.controlPlane.mesh.endpoints, 'shop/stock.shop.example')
      .endpoints.map(({ address, ports }) => `${address}:${ports.http}`);
  const registered = () => [...server.controlPlane.graph.rows(server.controlPlane.mesh.tables.workloadEntries)].length;
  const isServed = () => endpoints().length > 0;

  before(async () => {
    block = await takeTestBlock();
    folder = tempFolder({ after: (cleanUp) => void cleanUps.push(cleanUp) });
    folder.write('mesh.yaml', objects);
    server = await serve(0);
    application = createServer((_, response) => response.end('in stock'));
    const text = 'readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, failureThreshold: 1}';
    const config = parseProxyConfig(text, 'PROXY_CONFIG');
    proxy = new ProxyProcess({
      bootstrap: {
        ...{ type: 'sidecar', ip: ip(), pod: 'vm-1', namespace: 'shop', domainSuffix: 'cluster.local' },
        ...{ cluster: 'Kubernetes', serviceAccount: 'stock', labels: {}, workload: 'stock' },
        locality: { region: 'r1', zone: 'z1', subzone: '' },
        metadata: {
          AUTO_REGISTER_GROUP: 'vms',
          PROXY_CONFIG: must(config.stated, 'a configuration'),
          // All that listens has an address of its own: nothing is intercepted in tests.
          ...{ INTERCEPTION_MODE: 'NONE', UNPRIVILEGED_POD: 'true' },
          ...{ LOOPBACK_ADDRESS: block.at(3, 1), APPLICATION_ADDRESS: behind() },
        },
        xds: server.xdsAddress,
        dialect: 'delta',
        admin: { host: ip(), port: 15_000 },
      },
      program: envoy.path,
      args: (file) => envoyArguments(file, { config, concurrency: 1 }),
      workFolder: folder.at('proxy'),
      status: { host: ip(), port: 0 },
      probes: new Map(),
      readiness: {
        ...must(config.readinessProbe, 'a probe'),
        httpGet: { path: '/ready', port: 8080, host: behind() },
      },
      drain: { leastMs: 0, mostMs: 1000, waitsForIdle: false },
      log: silent,
      onQuit() {},
    });
    await proxy.start();
  });
  after(async () => {
    await proxy?.stop();
    application?.close();
    await server?.close(0);
    block?.release();
    for (const cleanUp of cleanUps) cleanUp();
  });

  test('is registered, and nobody calls it before its application is ready', async () => {
    await until(() => registered() === 1, { what: 'an entry', mostMs: 15_000 });
    await until(async () => (await proxy.whyNotReady()) === undefined, { what: 'Envoy to be ready', mostMs: 15_000 });
    assert.deepEqual(endpoints(), []);
    await new Promise<void>((resolve) => application.listen(8080, behind(), resolve));
    await until(isServed, { what: 'an endpoint', mostMs: 15_000 });
    assert.deepEqual(endpoints(), [`${ip()}:8080`]);
  });

  test('serves through its Envoy what its entry says', async () => {
    const ask = async () => (await fetch(`http://${ip()}:8080/`)).text();
    let answer = '';
    await until(
      async () => {
        answer = await ask().catch(() => '');
        return answer !== '';
      },
      { what: 'an answer', mostMs: 15_000 },
    );
    assert.equal(answer, 'in stock');
  });

  test('is registered again, and as ready, where its control plane begins anew', async () => {
    const { port } = server.xdsAddress;
    await server.close(0);
    server = await serve(port);
    await until(isServed, { what: 'an endpoint', mostMs: 15_000 });
    const [[, entry] = ['', undefined]] = [
      ...server.controlPlane.graph.rows(server.controlPlane.mesh.tables.workloadEntries),
    ];
    // Envoy's stream and the agent's say the same.
    assert.equal(entry?.spec.locality, 'r1/z1');
  });

  test('is called by nobody as long as its application is not ready', async () => {
    application.closeAllConnections();
    await new Promise((resolve) => application.close(resolve));
    await until(() => !isServed(), { what: 'no endpoint', mostMs: 15_000 });
    assert.equal(registered(), 1);
    application = createServer((_, response) => response.end('in stock'));
    await new Promise<void>((resolve) => application.listen(8080, behind(), resolve));
    await until(isServed, { what: 'an endpoint', mostMs: 15_000 });
  });

  test('is called by nobody as soon as it drains, and is not registered when it has gone', async () => {
    const drained = proxy.drain();
    await until(() => !isServed(), { what: 'no endpoint', mostMs: 15_000 });
    assert.equal(registered(), 1);
    await drained;
    await proxy.stop();
    await until(() => registered() === 0, { what: 'no entry', mostMs: 15_000 });
  });
});
