/** What istioctl and its like ask over xDS, and what they are told, in both dialects. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { envoyMessage, envoyRegistry } from '../../src/descriptors/registry.ts';
import { typeNameOf } from '../../src/lib/type-name.ts';
import { clusterType, endpointType, listenerType, routeType, secretType } from '../../src/resource/types.ts';
import { PermissionError } from '../../src/xds/debug-stream.ts';
import { issue } from '../support/certificates.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { pairOf, secretOf } from '../support/secret-object.ts';
import { until } from '../support/until.ts';
import type { AdsClient, ClientOptions } from './support/ads-client.ts';
import { fakeCall, fakeMesh } from './support/fake-mesh.ts';
import { type Mesh, serveMesh } from './support/mesh.ts';
import { service } from './support/objects.ts';
import { type Dialect, dialects, longName, type Response } from './support/response.ts';

const syncz = 'istio.io/debug/syncz';
const configDump = 'istio.io/debug/config_dump';
const page = 'istio.io/debug';
const notConnected = 'Proxy not connected to this Pilot instance. It may be connected to another instance.';

/** What istioctl says of itself. */
const tool: ClientOptions = {
  node: { id: 'sidecar~10.9.9.9~.istio-system~istio-system.svc.cluster.local', metadata: { GENERATOR: 'event' } },
};

const objects = [service('a')];

/** The messages in a response, as JSON. */
function messages({ resources }: Response): readonly unknown[] {
  return resources.map(({ type, value }) => {
    const schema = envoyMessage(typeNameOf(type));
    return toJson(schema, fromBinary(schema, value), { registry: envoyRegistry() });
  });
}

const texts = ({ resources }: Response) => resources.map(({ value }) => Buffer.from(value).toString());

/** Asks again on a stream, where a subscription would have names that add up. */
async function ask(client: AdsClient, type: string, names: readonly string[] = []): Promise<Response> {
  client.subscribe(type, names);
  const response = await client.next();
  assert.equal(response.type, type);
  return response;
}

/** A sidecar web.shop, of whose types each is in another state. */
async function connectWeb(mesh: Mesh, dialect: Dialect): Promise<AdsClient> {
  const node = {
    id: 'sidecar~10.1.0.1~web.shop~shop.svc.cluster.local',
    metadata: { NAMESPACE: 'shop', CLUSTER_ID: 'c1', ISTIO_VERSION: '1.28.0' },
  };
  const client = mesh.connect(dialect, { node });
  client.subscribe(clusterType, []);
  client.ack(await client.next());
  client.subscribe(endpointType, [longName('a')]);
  await client.next();
  client.subscribe(listenerType, []);
  // Listeners wait for endpoints until patience ends.
  await until(() => mesh.ads.connections()[0]?.types.length === 3, { what: 'three types' });
  mesh.clock.advance(1000);
  client.nack(await client.next(), 'no such filter');
  client.subscribe(routeType, []);
  await until(
    () => {
      const types = mesh.ads.connections()[0]?.types ?? [];
      return types.length === 4 && types.some(({ state }) => state === 'ERROR');
    },
    { what: 'everything to be heard' },
  );
  return client;
}

for (const dialect of dialects)
  describe(`in the ${dialect} dialect`, () => {
    describe('syncz', () => {
      it('says of each type of a proxy how it stands, and who says so', async (test) => {
        const mesh = await serveMesh(test, objects);
        await connectWeb(mesh, dialect);
        const response = await ask(mesh.connect(dialect, tool), syncz);
        const times = (json: unknown) => JSON.stringify(json).replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"time"');
        assert.deepEqual(
          messages(response)
            .map(times)
            .map((text) => JSON.parse(text)),
          [
            {
              node: { id: 'web.shop', metadata: { CLUSTER_ID: 'c1', NAMESPACE: 'shop', ISTIO_VERSION: '1.28.0' } },
              genericXdsConfigs: [
                { typeUrl: clusterType, configStatus: 'SYNCED', lastUpdated: 'time' },
                { typeUrl: endpointType, configStatus: 'STALE', lastUpdated: 'time' },
                {
                  typeUrl: listenerType,
                  configStatus: 'ERROR',
                  lastUpdated: 'time',
                  errorState: { lastUpdateAttempt: 'time', details: 'no such filter' },
                },
                { typeUrl: routeType, configStatus: 'NOT_SENT' },
              ],
            },
          ],
        );
        const { Component, Info } = JSON.parse(response.controlPlane);
        assert.deepEqual([Component, Info], ['fairway', { version: 'test' }]);
      });

      it('says nothing of tools, which are no proxies', async (test) => {
        const mesh = await serveMesh(test, objects);
        const response = await ask(mesh.connect(dialect, tool), syncz);
        const metrics = await (await fetch(`${mesh.pages}/metrics`)).text();
        assert.deepEqual(
          [messages(response), mesh.ads.connections(), /^pilot_xds\{.*/m.exec(metrics)?.[0]],
          [[], [], 'pilot_xds{version="test"} 0'],
        );
      });

      it('needs no node', async (test) => {
        const mesh = await serveMesh(test, objects);
        assert.deepEqual(messages(await ask(mesh.connect(dialect, { isAnonymous: true }), syncz)), []);
      });

      it('is of the proxies that are named, if any is', async (test) => {
        const mesh = await serveMesh(test, objects);
        await connectWeb(mesh, dialect);
        const count = async (...names: readonly string[]) =>
          (await ask(mesh.connect(dialect, tool), syncz, names)).resources.length;
        assert.deepEqual(
          [
            await count('web.shop'),
            await count('sidecar~10.1.0.1~web.shop~shop.svc.cluster.local'),
            await count('eb.shop'),
            await count('*'),
          ],
          [1, 1, 0, 1],
        );
      });
    });

    describe('config_dump', () => {
      it('is the parts of Envoy’s own dump', async (test) => {
        const mesh = await serveMesh(test, objects);
        await connectWeb(mesh, dialect);
        const response = await ask(mesh.connect(dialect, tool), configDump, ['web.shop']);
        assert.deepEqual(
          response.resources.map(({ type }) => typeNameOf(type)),
          ['Clusters', 'Listeners', 'Routes', 'Secrets', 'Ecds', 'Endpoints'].map(
            (part) => `envoy.admin.v3.${part}ConfigDump`,
          ),
        );
        const told = messages(response) as readonly object[];
        const shown = (await (await fetch(`${mesh.pages}/debug/config_dump?proxyID=web&include_eds`)).json()) as {
          readonly configs: readonly { readonly '@type': string }[];
        };
        assert.deepEqual(
          response.resources.map(({ type }, i) => ({ '@type': type, ...told[i] })),
          // Lists with nothing in them are not spelled in messages.
          shown.configs.map((part) => Object.fromEntries(Object.entries(part).filter(([, value]) => value.length > 0))),
        );
        assert.ok(JSON.stringify(told).includes(longName('a')));
      });

      it('hides keys as Envoy does', async (test) => {
        const pair = pairOf(issue({ name: 'front' }));
        const gateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: front, namespace: edge }
spec:
  selector: { app: ingress }
  servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: [shop.test], tls: { mode: SIMPLE, credentialName: front } }]
`;
        const mesh = await serveMesh(test, [`${secretOf('front', pair)}\n`, gateway]);
        const node = {
          id: 'router~10.0.0.9~ingress-1.edge~edge.svc.cluster.local',
          metadata: { NAMESPACE: 'edge', LABELS: { app: 'ingress' } },
        };
        const proxy = mesh.connect(dialect, { node });
        proxy.subscribe(secretType, ['kubernetes://front']);
        await proxy.next();
        const dump = messages(await ask(mesh.connect(dialect, tool), configDump, ['ingress-1.edge']));
        const [{ secret }] = (dump[3] as { dynamicActiveSecrets: [{ secret: object }] }).dynamicActiveSecrets;
        assert.deepEqual(secret, {
          '@type': secretType,
          name: 'kubernetes://front',
          tlsCertificate: {
            certificateChain: { inlineBytes: Buffer.from(pair['tls.crt'] ?? '').toString('base64') },
            privateKey: { inlineBytes: Buffer.from('[redacted]').toString('base64') },
          },
        });
      });

      it('of a proxy that is not here tells istioctl to go on, be a part of its name here or not', async (test) => {
        const mesh = await serveMesh(test, objects);
        await connectWeb(mesh, dialect);
        const client = mesh.connect(dialect, tool);
        assert.deepEqual(texts(await ask(client, configDump, ['eb.shop'])), [notConnected]);
      });

      it('of several proxies says that one was expected', async (test) => {
        const mesh = await serveMesh(test, objects);
        const client = mesh.connect(dialect, tool);
        assert.deepEqual(texts(await ask(client, configDump, ['a.shop', 'b.shop'])), [
          'expected the name of one proxy such as pod.namespace, found 2',
        ]);
      });
    });

    describe('a page', () => {
      const paged = async (test: TestContext, name: string) => {
        const mesh = await serveMesh(test, objects);
        await connectWeb(mesh, dialect);
        const [text = ''] = texts(await ask(mesh.connect(dialect, tool), page, [name]));
        return { text, shown: async (path: string) => (await fetch(`${mesh.pages}${path}`)).text() };
      };
      for (const name of ['syncz', 'registryz', 'config_dump?proxyID=web.shop'])
        it(`is the one over HTTP: ${name}`, async (test) => {
          const { text, shown } = await paged(test, name);
          assert.equal(text, await shown(`/debug/${name}`));
        });

      it('can be asked for a list of all', async (test) => {
        assert.match((await paged(test, 'list')).text, /^\/debug\/syncz {2}.*\n\/debug\/connections/);
      });

      for (const name of ['ndsz', '../metrics', '../ready', '', '//'])
        it(`that is not there is answered with those that are: ${JSON.stringify(name)}`, async (test) => {
          assert.match((await paged(test, name)).text, /^404 page not found: .*\n\/debug\/syncz|^expected one name/);
        });
    });

    it('a stream may ask again, for the same and for something else, and acknowledgements are met with silence', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect, tool);
      const first = await ask(client, syncz);
      client.ack(first);
      client.nack(first, 'what is this');
      await connectWeb(mesh, dialect);
      const second = await ask(client, syncz);
      const third = await ask(client, configDump, ['web.shop']);
      client.ack(third, ['web.shop']);
      const fourth = await ask(client, page, ['syncz']);
      // As istioctl does: the time in place of the nonce.
      client.request(syncz, { responseNonce: '2026-01-01 00:00:00' });
      const fifth = await client.next();
      assert.deepEqual(
        [first, second, third, fourth, fifth].map(({ nonce, resources }) => [nonce, resources.length]),
        [
          ['debug/1', 0],
          ['debug/2', 1],
          ['debug/3', 6],
          ['debug/4', 1],
          ['debug/5', 1],
        ],
      );
    });

    it('questions that come at once are answered in their order', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect, tool);
      client.subscribe(page, ['list']);
      client.subscribe(syncz, []);
      client.subscribe(configDump, ['web.shop']);
      assert.deepEqual(
        [(await client.next()).type, (await client.next()).type, (await client.next()).type],
        [page, syncz, configDump],
      );
    });

    it('a proxy is told of itself alone on its own stream, and is served as before', async (test) => {
      const mesh = await serveMesh(test, objects);
      await connectWeb(mesh, dialect);
      const other = mesh.connect(dialect, { pod: 'other' });
      other.subscribe(endpointType, [longName('a')]);
      other.ack(await other.next(), [longName('a')]);
      const statuses = messages(await ask(other, syncz)) as readonly { readonly node: { readonly id: string } }[];
      const own = await ask(other, configDump, ['other.shop']);
      const foreign = [
        await ask(other, configDump, ['web.shop']),
        await ask(other, page, ['config_dump?proxyID=web.shop']),
        await ask(other, page, ['registryz']),
      ].map((response) => texts(response)[0]?.split('\n').slice(0, 3));
      assert.deepEqual(
        [statuses.map(({ node }) => node.id), own.resources.length, foreign],
        [
          ['other.shop'],
          6,
          [
            [notConnected],
            [notConnected, 'Connected are:', 'other.shop-2'],
            [
              '404 page not found: expected one of these, found registryz:',
              '/debug/syncz        for each proxy and type: what was sent, confirmed and rejected',
              '/debug/connections  who is connected, and what each asks for',
            ],
          ],
        ],
      );
      mesh.apply(service('a', '10.0.0.7'));
      assert.equal((await other.next()).type, endpointType);
    });

    it('a stream that began with a question may be a proxy’s', async (test) => {
      const mesh = await serveMesh(test, objects);
      const client = mesh.connect(dialect, { pod: 'web' });
      await ask(client, syncz);
      client.subscribe(endpointType, [longName('a')]);
      assert.equal((await client.next()).type, endpointType);
      assert.deepEqual(
        mesh.ads.connections().map(({ proxy }) => proxy.name),
        ['web.shop'],
      );
    });

    it('who asks and does not read is cut off', async () => {
      const { service: ads } = fakeMesh(fakeClock());
      const call = fakeCall(ads, dialect);
      for (let i = 0; i < 10; i++) call.request({ typeUrl: syncz });
      assert.deepEqual(call.ended, {
        code: 8,
        message: 'expected at most 8 questions before their answers are read',
      });
    });

    it('who may not ask is told so', async () => {
      const { service: ads } = fakeMesh(fakeClock(), {}, async () => {
        throw new PermissionError('not you');
      });
      const call = fakeCall(ads, dialect);
      call.request({ typeUrl: syncz });
      await until(() => call.ended !== undefined, { what: 'the end' });
      assert.deepEqual(call.ended, { code: 7, message: 'not you' });
    });
  });
