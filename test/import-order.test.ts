/**
 * Who may import whom, as code. Rows in, bytes out, one direction: a stage imports only stages before it.
 *
 * Each line names a folder of src/ (or a file that stands alone) and what it may import beside itself. It may name only
 * lines above it, so that folders never import each other in a circle. Tests that stand beside the code may import
 * anything, but no folder goes unlisted.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path/posix';
import { describe, it } from 'node:test';
import { importsIn, sourceFiles, sourceText } from './support/source-files.ts';

const order: Order = [
  // What everything stands on.
  ['proto', []],
  ['lib', []],
  // Envoy's API as data, with what follows from it alone: the JSON form of messages, and merging.
  ['descriptors', ['lib']],
  ['incremental', ['lib']],
  ['model', ['lib']],

  // From outside to rows. Rules are decoded and checked before anybody else sees them.
  ['config', ['model', 'descriptors', 'lib']],
  // The same schemas for API servers, as definitions of Istio's kinds.
  ['crds', ['config', 'lib']],
  // What sources of every kind say of themselves, and what is not believed at once.
  ['source', ['model', 'lib']],
  // Waiting queries of Consul and Nomad.
  ['blocking-query', ['lib']],
  ['files', ['source', 'model', 'lib']],
  // Rules out of Consul's keys.
  ['consul-rules', ['blocking-query', 'files', 'source', 'model', 'lib']],
  // Between a catalog and its registry: what is not believed at once.
  ['guard', ['source', 'model', 'lib']],
  // What is kept over a restart.
  ['state', ['source', 'model', 'lib']],
  // Objects of API servers; a kubeconfig is YAML.
  ['kubernetes', ['files', 'source', 'model', 'lib']],
  ['diagnostics.ts', ['model', 'lib']],
  ['registry/discovery.ts', ['config', 'model', 'lib']],
  ['registry/registry.ts', ['model']],
  ['registry/auto-addresses.ts', ['lib']],
  ['registry/virtual-addresses.ts', ['registry/auto-addresses.ts', 'registry/registry.ts', 'model', 'lib']],
  ['registry/kubernetes', ['registry/registry.ts', 'incremental', 'model', 'lib']],
  // Catalogs: what a platform registers, as services and instances.
  ['registry/catalog', ['registry/virtual-addresses.ts', 'registry/registry.ts', 'model', 'lib']],
  ['registry/consul', ['registry/catalog', 'blocking-query', 'source', 'model', 'lib']],
  // Catalogs that somebody else has written, and the proof that any registry behaves as all do.
  ['registry/adapter', ['source', 'model', 'lib']],
  ['registry/conformance', ['registry/adapter', 'registry/catalog', 'registry/registry.ts', 'model', 'lib']],
  // What outsiders import of the package. Nothing inside imports it.
  ['public', ['registry/conformance', 'registry/adapter', 'registry/registry.ts', 'model', 'lib']],
  ['registry/nomad', ['registry/catalog', 'blocking-query', 'source', 'model', 'lib']],
  [
    'registry/clusters.ts',
    ['registry/kubernetes', 'registry/discovery.ts', 'registry/registry.ts', 'config', 'model', 'lib'],
  ],
  // A ServiceEntry is a rule that states services: the only registry that reads configuration.
  [
    'registry/service-entry',
    ['registry/virtual-addresses.ts', 'registry/registry.ts', 'config', 'incremental', 'model', 'lib'],
  ],

  // From rows to bytes. A translator has no way to the mesh, to a proxy or to a scope: equal IR gives equal bytes.
  ['ir', ['model', 'lib']],
  ['mesh', ['ir', 'config', 'incremental', 'model', 'lib']],
  // What people should know of a mesh; nothing that proxies get depends on it.
  ['analysis', ['mesh', 'config', 'incremental', 'model', 'lib']],
  // What API servers are told of their objects.
  ['status', ['analysis', 'kubernetes', 'diagnostics.ts', 'config', 'incremental', 'model', 'lib']],
  ['envoy', ['ir', 'proto/envoy', 'proto/google', 'descriptors', 'lib']],
  ['resource', ['envoy', 'mesh', 'ir', 'proto/envoy', 'descriptors', 'incremental', 'model', 'lib']],

  // Workloads that register themselves: what becomes of their entries, and where these are kept.
  ['auto-registration', ['kubernetes', 'state', 'config', 'model', 'lib']],

  // What an Envoy does with what it was given: it stands on the messages alone, whoever made them.
  ['evaluate', ['proto/envoy', 'proto/google', 'lib']],

  // From bytes to proxies, and to people who look on.
  ['xds', ['resource', 'model', 'lib']],
  ['console', ['xds', 'resource', 'source', 'config', 'incremental', 'model', 'lib']],

  ['object-layers.ts', ['model', 'lib']],
  ['source-states.ts', ['source', 'model', 'lib']],
  ['gateway-watch.ts', ['mesh', 'diagnostics.ts', 'incremental', 'model']],
  ['gateway-names.ts', ['mesh', 'incremental', 'lib']],
  ['patch-watch.ts', ['mesh', 'diagnostics.ts', 'config', 'incremental', 'model', 'lib']],
  ['connected-proxies.ts', ['mesh', 'incremental', 'model', 'lib']],
  ['registry-rows.ts', ['mesh', 'registry/registry.ts', 'incremental', 'model']],
  [
    'config-objects.ts',
    ['mesh', 'registry/service-entry', 'registry/registry.ts', 'diagnostics.ts', 'config', 'incremental', 'model'],
  ],

  // The composition roots: the pipeline, and the process that serves it. No stage imports them.
  [
    'control-plane.ts',
    [
      'xds',
      'resource',
      'mesh',
      'registry/catalog',
      'registry/virtual-addresses.ts',
      'registry/clusters.ts',
      'registry/service-entry',
      'registry/registry.ts',
      'config-objects.ts',
      'connected-proxies.ts',
      'diagnostics.ts',
      'gateway-watch.ts',
      'object-layers.ts',
      'patch-watch.ts',
      'registry-rows.ts',
      'source-states.ts',
      'config',
      'incremental',
      'model',
      'lib',
    ],
  ],
  ['replica-name.ts', []],
  [
    'workload-registration.ts',
    ['replica-name.ts', 'control-plane.ts', 'auto-registration', 'xds', 'config', 'model', 'lib'],
  ],
  ['mesh-config-source.ts', ['files', 'config', 'model', 'lib']],
  ['mesh-config-object.ts', ['files', 'config', 'model', 'lib']],
  ['mesh-config-map.ts', ['mesh-config-object.ts', 'mesh-config-source.ts', 'kubernetes', 'source', 'model', 'lib']],
  ['remote-clusters.ts', ['kubernetes', 'source', 'model', 'lib']],
  [
    'config-cluster.ts',
    [
      'remote-clusters.ts',
      'mesh-config-map.ts',
      'mesh-config-source.ts',
      'kubernetes',
      'source',
      'config',
      'model',
      'lib',
    ],
  ],
  // What our servers of HTTPS share: certificates that are followed, bodies with bounds.
  ['https', ['files', 'model', 'lib']],
  // Beside an application, and how pods come to have that.
  ['agent', ['proto/envoy', 'proto/google', 'model', 'lib']],
  ['inject', ['agent', 'files', 'config', 'model', 'lib']],
  // What stands before an API server's store: objects by themselves, nothing of the mesh.
  ['webhook', ['mesh-config-object.ts', 'inject', 'https', 'files', 'config', 'descriptors', 'model', 'lib']],
  // Rules over HTTP, where there is no API server.
  ['rules-api', ['https', 'state', 'files', 'config', 'descriptors', 'model', 'lib']],
  [
    'console-data.ts',
    ['analysis', 'control-plane.ts', 'console', 'xds', 'source', 'config', 'incremental', 'model', 'lib'],
  ],
  ['source-runs.ts', ['mesh-config-source.ts', 'guard', 'control-plane.ts', 'model', 'lib']],
  [
    'discovery-server.ts',
    [
      'source-runs.ts',
      'workload-registration.ts',
      'inject',
      'webhook',
      'console-data.ts',
      'gateway-names.ts',
      'control-plane.ts',
      'console',
      'xds',
      'config',
      'model',
      'lib',
    ],
  ],
  [
    'cluster-status.ts',
    [
      'replica-name.ts',
      'discovery-server.ts',
      'control-plane.ts',
      'status',
      'analysis',
      'kubernetes',
      'config',
      'model',
      'lib',
    ],
  ],
  // The same without serving, for commands that only look.
  ['inspection.ts', ['control-plane.ts', 'analysis', 'files', 'config', 'model', 'lib']],

  // What people start.
  ['up', ['agent', 'discovery-server.ts', 'registry/consul', 'files', 'model', 'lib']],
  [
    'cli',
    [
      'auto-registration',
      'crds',
      'agent',
      'inject',
      'up',
      'discovery-server.ts',
      'config-cluster.ts',
      'cluster-status.ts',
      'mesh-config-source.ts',
      'inspection.ts',
      'rules-api',
      'consul-rules',
      'registry/catalog',
      'registry/consul',
      'registry/nomad',
      'registry/adapter',
      'blocking-query',
      'state',
      'kubernetes',
      'files',
      'config',
      'model',
      'lib',
    ],
  ],
  ['main.ts', ['cli', 'lib']],
];

/** Folders that only the folder around them imports. */
const inner: readonly string[] = ['config/check'];

type Order = readonly (readonly [part: string, mayImport: readonly string[]])[];

/** One import of one file by another, as paths from src/. */
interface Import {
  readonly file: string;
  readonly target: string;
}

function isWithin(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}/`);
}

/** The line of the table that a file belongs to; a test belongs to what it tests. */
function partOf(file: string): string | undefined {
  const path = file.replace(/\.test\.ts$/, '.ts');
  return order.map(([part]) => part).find((part) => isWithin(path, part));
}

/** What is wrong with an import; undefined when nothing is. */
function violation({ file, target }: Import): string | undefined {
  const part = partOf(file);
  const found = order.find(([name]) => name === part);
  if (part === undefined || found === undefined) return `${file} is in no folder of the table`;
  const closed = inner.find((folder) => isWithin(target, folder) && !isWithin(file, dirname(folder)));
  if (closed !== undefined) return `${file} imports ${target}, but only ${dirname(closed)} may import ${closed}`;
  if (isWithin(target, part) || found[1].some((allowed) => isWithin(target, allowed))) return undefined;
  return `${file} imports ${target}, but ${part} may import only ${found[1].join(', ') || 'nothing of ours'}`;
}

function importsOf(path: string): readonly Import[] {
  return importsIn(sourceText(path))
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ file: path.slice('src/'.length), target: join(dirname(path), specifier) }))
    .map(({ file, target }) => ({ file, target: target.replace(/^src\//, '') }));
}

describe('the import order', () => {
  const files = sourceFiles();

  it('names every folder, and no folder that is not there', () => {
    const found = new Set(files.map((path) => partOf(path.slice('src/'.length)) ?? `${path} is not listed`));
    const listed = order.map(([part]) => part).filter((part) => part !== 'proto');
    assert.deepEqual([...found].sort(), [...listed].sort());
  });

  it('lets a line name only lines above it', () => {
    const below = order.flatMap(([part, mayImport], i) =>
      mayImport
        .filter((allowed) => !order.slice(0, i).some(([above]) => isWithin(allowed, above)))
        .map((allowed) => `${part} names ${allowed}`),
    );
    assert.deepEqual(below, []);
  });

  it('is kept by every file', () => {
    const imports = files.filter((path) => !path.endsWith('.test.ts')).flatMap(importsOf);
    assert.deepEqual(
      imports.flatMap((one) => violation(one) ?? []),
      [],
    );
  });
});

describe('an import', () => {
  function check(name: string, file: string, target: string, message: string | undefined): void {
    it(name, () => assert.equal(violation({ file, target }), message));
  }
  check('may stay within its folder', 'envoy/cluster/cluster.ts', 'envoy/values.ts', undefined);
  check('may go to an earlier stage', 'mesh/clusters.ts', 'ir/cluster.ts', undefined);
  check(
    'may not go to a later stage',
    'mesh/clusters.ts',
    'resource/encode.ts',
    'mesh/clusters.ts imports resource/encode.ts, but mesh may import only ir, config, incremental, model, lib',
  );
  check(
    'may not go from a translator to the mesh',
    'envoy/cluster/cluster.ts',
    'mesh/names.ts',
    'envoy/cluster/cluster.ts imports mesh/names.ts, but envoy may import only ir, proto/envoy, proto/google, descriptors, lib',
  );
  check(
    'may not go from one registry to another',
    'registry/kubernetes/service.ts',
    'registry/service-entry/service.ts',
    'registry/kubernetes/service.ts imports registry/service-entry/service.ts, but registry/kubernetes may import only registry/registry.ts, incremental, model, lib',
  );
  check(
    'may not go to a composition root',
    'xds/grpc.ts',
    'control-plane.ts',
    'xds/grpc.ts imports control-plane.ts, but xds may import only resource, model, lib',
  );
  check(
    'may not reach into what a folder keeps to itself',
    'mesh/http-route.ts',
    'config/check/http-route.ts',
    'mesh/http-route.ts imports config/check/http-route.ts, but only config may import config/check',
  );

  it('is found in every form', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type {\n  B,\n  C,\n} from './b.ts';",
      "import './c.ts';",
      "export { d } from './d.ts';",
      "const e = await import('./e.ts');",
      "type F = import('./f.ts').F;",
    ].join('\n');
    assert.deepEqual(importsIn(text), ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts']);
  });
});
