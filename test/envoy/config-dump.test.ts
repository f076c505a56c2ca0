/** What the control plane says that a proxy is to hold is what the proxy says that it holds: what `istioctl proxy-status POD` compares. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { envoyMessage, envoyRegistry } from '../../src/descriptors/registry.ts';
import { typeNameOf } from '../../src/lib/type-name.ts';
import { issue } from '../support/certificates.ts';
import { pairOf, secretOf } from '../support/secret-object.ts';
import { AdsClient } from '../xds/support/ads-client.ts';
import { tlsServer, toRatings, webServers } from './support/gateway-objects.ts';
import { client, ingress, useShop } from './support/shop.ts';
import { describeWithEnvoy } from './support/suite.ts';
import type { TestMesh } from './support/test-mesh.ts';

const registry = envoyRegistry();

/** A section's lists of what came over xDS, and where in their items the resource is. */
const lists = {
  ClustersConfigDump: ['dynamicActiveClusters', 'cluster'],
  ListenersConfigDump: ['dynamicListeners', 'activeState.listener'],
  RoutesConfigDump: ['dynamicRouteConfigs', 'routeConfig'],
  SecretsConfigDump: ['dynamicActiveSecrets', 'secret'],
} as const;
type Section = keyof typeof lists;

type Json = { readonly [field: string]: unknown };

/** The resources of a section, sorted. */
function resourcesIn(section: Section, json: Json): readonly unknown[] {
  const [list, path] = lists[section];
  return ((json[list] ?? []) as readonly Json[])
    .map((item) => path.split('.').reduce<unknown>((at, field) => (at as Json)[field], item))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** What a client of xDS is told of a proxy, by section. */
async function told(mesh: TestMesh, name: string): Promise<(section: Section) => readonly unknown[]> {
  const { host, port } = mesh.server.xdsAddress;
  const tool = new AdsClient(`${host}:${port}`, 'sotw', { isAnonymous: true });
  tool.subscribe('istio.io/debug/config_dump', [name]);
  const { resources } = await tool.next();
  tool.close();
  return (section) => {
    const found = resources.find(({ type }) => type.endsWith(`.${section}`));
    assert.ok(found !== undefined, section);
    const schema = envoyMessage(typeNameOf(found.type));
    return resourcesIn(section, toJson(schema, fromBinary(schema, found.value), { registry }) as Json);
  };
}

/** What an Envoy says of itself, by section. */
async function held(mesh: TestMesh, name: string): Promise<(section: Section) => readonly unknown[]> {
  const dump = JSON.parse(await mesh.proxy(name).envoy.admin('/config_dump')) as { readonly configs: readonly Json[] };
  return (section) => {
    const found = dump.configs.find((one) => String(one['@type']).endsWith(`.${section}`));
    const { '@type': type, ...fields } = found ?? {};
    const schema = envoyMessage(typeNameOf(String(type)));
    return resourcesIn(
      section,
      toJson(schema, fromJson(schema, fields as JsonValue, { registry }), { registry }) as Json,
    );
  };
}

describeWithEnvoy('a proxy holds what the control plane says over xDS', (envoy) => {
  const shop = useShop(envoy, [ingress, client]);
  const certificate = issue({ name: 'good', altNames: ['good.test'] });
  const objects = [
    webServers(tlsServer('good', '{ mode: SIMPLE, credentialName: good }')),
    toRatings,
    secretOf('good', pairOf(certificate)),
  ];

  for (const [proxy, name, least] of [
    [
      'ingress',
      'ingress-1.edge',
      { ClustersConfigDump: 5, ListenersConfigDump: 1, RoutesConfigDump: 1, SecretsConfigDump: 1 },
    ],
    [
      'client',
      'client-1.shop',
      { ClustersConfigDump: 5, ListenersConfigDump: 2, RoutesConfigDump: 1, SecretsConfigDump: 0 },
    ],
  ] as const)
    test(`${proxy}, resource by resource, keys hidden alike`, async () => {
      const { mesh } = shop();
      await mesh.apply(objects.join('\n---\n'));
      const [toldOf, heldBy] = [await told(mesh, name), await held(mesh, proxy)];
      for (const section of Object.keys(lists) as Section[]) {
        assert.deepEqual(toldOf(section), heldBy(section), section);
        assert.ok(heldBy(section).length >= least[section], `${section}: ${heldBy(section).length}`);
      }
    });
});
