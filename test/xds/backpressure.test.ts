import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterType, endpointType, routeType } from '../../src/resource/types.ts';
import { until } from '../support/until.ts';
import { firstRequest, http2Session, openCall } from './support/http2-client.ts';
import { type Mesh, serveMesh } from './support/mesh.ts';
import { endpoints, service } from './support/objects.ts';
import { longName } from './support/response.ts';

/** A service whose cluster is large: its subject alternative names are many. */
const large = (name: string, version: number) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: shop }
spec:
  host: ${name}
  trafficPolicy:
    tls:
      mode: SIMPLE
      sni: version-${version}
      subjectAltNames: [${Array.from({ length: 2000 }, (_, i) => `spiffe://cluster.local/ns/shop/sa/account-${i}`).join(', ')}]
`;

const objects = [service('a'), service('b')];

/** A call whose peer opens its stream with a small window and never reads. */
async function deafCall(test: Parameters<typeof http2Session>[0], mesh: Mesh) {
  const session = http2Session(test, mesh.port, { initialWindowSize: 1000 });
  const call = openCall(session);
  call.stream.pause();
  call.stream.write(firstRequest(clusterType, []));
  await until(() => mesh.ads.connections().some(({ types }) => types[0]?.sent !== ''), {
    what: 'a response to be sent',
  });
  return call;
}

const sentTo = (mesh: Mesh) => mesh.ads.connections()[0]?.types[0]?.sent;

describe('a proxy that does not read', () => {
  it('has one response of a type on its way, however much changes', async (test) => {
    const mesh = await serveMesh(test, [...objects, large('a', 0)]);
    await deafCall(test, mesh);
    const first = sentTo(mesh);
    for (let version = 1; version <= 20; version++) {
      mesh.apply(large('a', version));
      mesh.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual([sentTo(mesh), mesh.clock.pending], [first, 1 /* the next sign of life of its connection */]);
  });

  it('delays nobody', async (test) => {
    const mesh = await serveMesh(test, [...objects, large('a', 0)]);
    await deafCall(test, mesh);
    const client = mesh.connect('delta');
    client.subscribe(endpointType, [longName('b')]);
    client.ack(await client.next());
    await client.heard();
    const seen: (readonly string[])[] = [];
    for (let i = 0; i < 3; i++) {
      mesh.apply(large('a', i + 1), endpoints('b', `10.0.1.${i}`));
      const response = await client.next();
      seen.push(response.resources.map(({ name }) => name));
      client.ack(response);
      await client.heard();
    }
    assert.deepEqual(seen, [[longName('b')], [longName('b')], [longName('b')]]);
  });

  it('gets what is there in one response when it reads again', async (test) => {
    const mesh = await serveMesh(test, [...objects, large('a', 0)]);
    const { stream } = await deafCall(test, mesh);
    const first = sentTo(mesh);
    for (let version = 1; version <= 5; version++) mesh.apply(large('a', version));
    mesh.clock.advance(1000);
    stream.resume();
    await until(() => sentTo(mesh) !== first, { what: 'the next response' });
    const second = sentTo(mesh);
    mesh.clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(sentTo(mesh), second);
  });

  it('is given up when it has taken nothing for five minutes', async (test) => {
    const mesh = await serveMesh(test, [...objects, large('a', 0)], { waits: { keepaliveMs: 1000, stallMs: 3000 } });
    const { ended } = await deafCall(test, mesh);
    // Its connection is alive all the time.
    for (let i = 0; i < 3; i++) {
      mesh.clock.advance(1000);
      await until(() => mesh.clock.pending === 1, { what: 'a sign of life' });
    }
    await ended();
    assert.deepEqual(mesh.ads.connections(), []);
  });

  it('is not given up as long as there is nothing for it', async (test) => {
    const mesh = await serveMesh(test, objects, { waits: { keepaliveMs: 1000, stallMs: 3000 } });
    const client = mesh.connect('delta');
    client.subscribe(routeType, ['80']);
    client.ack(await client.next());
    for (let i = 0; i < 5; i++) {
      mesh.clock.advance(1000);
      await client.heard();
    }
    assert.ok(client.isOpen);
  });
});
