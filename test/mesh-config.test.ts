/** A MeshConfig in a file, from the file to what proxies are served, while it changes. */
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { ControlPlane } from '../src/control-plane.ts';
import { silent } from '../src/lib/log.ts';
import { meshConfigSource } from '../src/mesh-config-source.ts';
import { formatProblem } from '../src/model/problem.ts';
import { listenerType } from '../src/resource/types.ts';
import { fakeClock } from './support/fake-clock.ts';
import { changesIn } from './support/objects.ts';
import { proxyOf } from './support/proxy.ts';
import { type TempFolder, tempFolder } from './support/temp-folder.ts';

const open = 'outboundTrafficPolicy: {mode: ALLOW_ANY}\n';
const closed = 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n';

/** A control plane that follows `mesh.yaml` of a folder. */
function followMesh(test: TestContext, start: (folder: TempFolder) => void) {
  const folder = tempFolder(test);
  start(folder);
  const clock = fakeClock();
  const plane = new ControlPlane({ log: silent, cluster: 'Kubernetes', domainSuffix: 'cluster.local' });
  const stop = new AbortController();
  test.after(() => stop.abort());
  const source = meshConfigSource(folder.at('mesh.yaml'), plane, clock);
  void source.run(plane.sink(source.name), stop.signal);
  let { scope } = plane.connect(proxyOf(), (next) => {
    scope = next;
  });
  return {
    folder,
    plane,
    settle() {
      clock.advance(1000);
      plane.commit();
    },
    /** Where connections to hosts go that nobody knows. */
    elsewhere() {
      const listener = plane.view(listenerType, scope)?.contents.get('virtualOutbound');
      const bytes = Buffer.concat(listener?.chunks ?? []).toString('latin1');
      return bytes.includes('PassthroughCluster') ? 'through' : 'nowhere';
    },
    problems: () => plane.diagnostics.all().map((problem) => formatProblem(problem).replace(`${folder.path}/`, '')),
    state: () =>
      plane.sources.map(({ isSynced, freshness }) => `${isSynced ? 'synced' : 'waiting'} ${freshness.state}`).join(),
  };
}

it('a mesh configuration is in force while the file changes, and stays while it cannot be read', (test) => {
  const mesh = followMesh(test, (folder) => folder.write('mesh.yaml', closed));
  const seen = () => [mesh.elsewhere(), mesh.state(), mesh.problems()];
  mesh.settle();
  assert.deepEqual(seen(), ['nowhere', 'synced live', []]);
  mesh.folder.replace('mesh.yaml', open);
  mesh.settle();
  assert.deepEqual(seen(), ['through', 'synced live', []]);
  mesh.folder.write('mesh.yaml', closed);
  mesh.settle();
  assert.deepEqual(seen(), ['nowhere', 'synced live', []]);
  mesh.folder.write('mesh.yaml', 'outboundTrafficPolicy: {mode: ANYTHING}\n');
  mesh.settle();
  assert.deepEqual(seen(), [
    'nowhere',
    'synced live',
    [
      'mesh.yaml:1: outboundTrafficPolicy.mode: expected one of REGISTRY_ONLY, ALLOW_ANY, ALLOW_ANY_DYNAMIC_DNS, found "ANYTHING" [FW0005]',
    ],
  ]);
  mesh.folder.write('mesh.yaml', '');
  mesh.settle();
  assert.deepEqual(seen(), [
    'nowhere',
    'synced stale',
    ['mesh.yaml: expected a document, found an empty file; what it said before stays in force [FW0010]'],
  ]);
  mesh.folder.remove('mesh.yaml');
  mesh.settle();
  assert.deepEqual(seen(), [
    'nowhere',
    'synced stale',
    ['mesh.yaml: expected a readable file, found nothing; what it said before stays in force [FW0010]'],
  ]);
  mesh.folder.write('mesh.yaml', open);
  mesh.settle();
  assert.deepEqual(seen(), ['through', 'synced live', []]);
});

it('a mesh configuration that is wrong at first is waited for', (test) => {
  const mesh = followMesh(test, (folder) => folder.write('mesh.yaml', 'outboundTrafficPolicy: {mod: REGISTRY_ONLY}\n'));
  assert.deepEqual(
    [mesh.state(), mesh.problems()],
    [
      'waiting live',
      [
        'mesh.yaml:1: outboundTrafficPolicy.mod: expected a known field such as mode, found the unknown field mod [FW0003]',
      ],
    ],
  );
  mesh.folder.replace('mesh.yaml', closed);
  mesh.settle();
  assert.deepEqual([mesh.state(), mesh.problems(), mesh.elsewhere()], ['synced live', [], 'nowhere']);
});

it('discovery selectors hide namespaces from everybody while they are in force', (test) => {
  const mesh = followMesh(test, (folder) => folder.write('mesh.yaml', open));
  mesh.plane.apply(
    changesIn('apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: bank}\nspec: {ports: [{port: 80}]}\n'),
  );
  const services = () => {
    mesh.settle();
    return [...mesh.plane.graph.rows(mesh.plane.mesh.tables.services)].map(([, { hostname }]) => hostname);
  };
  assert.deepEqual(services(), ['a.bank.svc.cluster.local']);
  mesh.folder.replace('mesh.yaml', 'discoverySelectors: [{matchLabels: {kubernetes.io/metadata.name: shop}}]\n');
  assert.deepEqual(services(), []);
  mesh.folder.replace('mesh.yaml', open);
  assert.deepEqual(services(), ['a.bank.svc.cluster.local']);
});
