/** `fairway inject`: what it prints where, and how it ends. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { parseAllDocuments, parseDocument } from 'yaml';
import { exitCodeOf, fairwayProgram, runFairway } from '../support/run-fairway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const pod = (name: string, more = '') => `apiVersion: v1
kind: Pod
metadata: { name: ${name}${more} }
spec: { containers: [{ name: web, image: web }] }
`;
const containersIn = (text: string) =>
  parseAllDocuments(text).map((document) => {
    const { spec } = document.toJS() as {
      readonly spec: { readonly initContainers?: readonly { readonly name: string; readonly image: string }[] };
    };
    return (spec.initContainers ?? []).map(({ name, image }) => `${name} ${image}`);
  });

describe('fairway inject', () => {
  it('writes what it reads from files and from standard input, with sidecars', async (test) => {
    const folder = tempFolder(test);
    folder.write('a.yaml', pod('a'));
    folder.write('template.yaml', 'spec: { initContainers: [{ name: istio-init, image: own:1 }] }\n');
    const args = [
      'inject',
      '--filename',
      'a.yaml',
      '-f',
      '-',
      '--template',
      'template.yaml',
      '--proxy-image',
      'proxy:1',
    ];
    const { stdout, stderr, exitCode } = await runFairway(folder.path, args, pod('b'));
    assert.deepEqual([stderr, exitCode], ['', 0]);
    const both = ['istio-init own:1', 'istio-proxy proxy:1'];
    assert.deepEqual(containersIn(stdout), [both, both]);
  });

  it('says which pod has no sidecar, and writes it as it was', async (test) => {
    const text = pod('a', ', labels: { sidecar.istio.io/inject: "false" }');
    assert.deepEqual(await runFairway(tempFolder(test).path, ['inject', '-f', '-'], text), {
      exitCode: 0,
      stdout: text,
      stderr:
        'stdin:3: Pod a: metadata.labels["sidecar.istio.io/inject"]: info: expected true, found "false" [FW3201]\n',
    });
  });

  it('waits for what writes into its standard input, be it slower than itself', (test) => {
    const folder = tempFolder(test);
    const names = Array.from({ length: 300 }, (_, i) => `pod-${i}`);
    folder.write('pods.yaml', names.map((name) => pod(name)).join('---\n'));
    const fairway = `"${process.execPath}" --disable-warning=ExperimentalWarning "${fairwayProgram}"`;
    const pipeline = `${fairway} inject -f pods.yaml | ${fairway} inject -f - 2>&1 > once-more.yaml`;
    const { stdout, stderr } = spawnSync('sh', ['-c', pipeline], { cwd: folder.path, encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.deepEqual(
      [...stdout.matchAll(/Pod (\S+): info: (.*)/g)].map(([, name, said]) => [name, said]),
      names.map((name) => [name, 'expected a pod without a sidecar, found one that is injected already [FW3201]']),
    );
  });

  it('gives all sidecars what the options say of resources, image and logs', async (test) => {
    const args = ['--proxy-requests', 'cpu=10m', '--proxy-limits', '', '--proxy-pull-policy', 'Never'];
    const levels = [
      '--proxy-log-level',
      'error',
      '--proxy-component-log-level',
      'http:debug',
      '--agent-log-level',
      'warn',
    ];
    const command = ['inject', '-f', '-', ...args, ...levels];
    const { stdout, stderr, exitCode } = await runFairway(tempFolder(test).path, command, pod('a'));
    assert.deepEqual([stderr, exitCode], ['', 0]);
    const { spec } = parseDocument(stdout).toJS() as {
      readonly spec: { readonly initContainers: readonly { readonly [field: string]: unknown }[] };
    };
    assert.deepEqual(
      spec.initContainers.map((one) => [one.resources, one.imagePullPolicy]),
      spec.initContainers.map(() => [{ requests: { cpu: '10m' }, limits: {} }, 'Never']),
    );
    assert.deepEqual(spec.initContainers.at(-1)?.args, [
      ...['proxy', 'sidecar', '--work-folder', '/etc/istio/proxy'],
      ...['--proxy-log-level', 'error', '--proxy-component-log-level', 'http:debug', '--log-level', 'warn'],
    ]);
  });

  function check(name: string, input: string, args: readonly string[], stderr: string): void {
    it(name, async (test) => {
      const folder = tempFolder(test);
      folder.write('template.yaml', 'spec: { containers: [{ image: a }] }\n');
      folder.write('slip.yaml', 'spec:\n  containers:\n    - name: istio-prox\n');
      folder.write('wrong.yaml', 'spec: { containers: [{ name: istio-proxy, image: 5, env: { A: b } }] }\n');
      folder.write('mesh.yaml', 'defaultConfig: { drainDuration: soon }\n');
      const found = await runFairway(folder.path, ['inject', '-f', '-', ...args], input);
      assert.deepEqual(found, { exitCode: exitCodeOf(stderr), stdout: '', stderr });
    });
  }
  check(
    'writes nothing when something cannot be read',
    `${pod('a')}---\na: [\n`,
    [],
    'stdin:6: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ] [FW0001]\n',
  );
  check(
    'writes nothing when an annotation cannot be used',
    pod('a', ', annotations: { sidecar.istio.io/proxyCPU: much }'),
    [],
    'stdin:3: Pod a: metadata.annotations["sidecar.istio.io/proxyCPU"]: expected a quantity such as 100m or 128Mi, found "much" [FW3202]\n',
  );
  check(
    'refuses more than the limit, which is that of Istio where none is stated',
    pod('a'),
    ['--proxy-requests', 'memory=2Gi'],
    'error: expected --proxy-requests of at most memory=1Gi, as --proxy-limits has it, found memory=2Gi\n(run with --help for all options)\n',
  );
  check(
    'refuses what is no quantity',
    pod('a'),
    ['--proxy-limits', 'cpu=2,memory=much'],
    "error: option '--proxy-limits <name=quantity,...>' argument 'cpu=2,memory=much' is invalid. expected quantities such as cpu=100m,memory=128Mi, found \"memory=much\"\n(run with --help for all options)\n",
  );
  check(
    'refuses a template without names',
    pod('a'),
    ['--template', 'template.yaml'],
    'error: template.yaml:1: spec.containers[0]: expected the field name, found none [FW3204]\n(run with --help for all options)\n',
  );
  check(
    'refuses a template with a container that no pod could run',
    pod('a'),
    ['--template', 'slip.yaml'],
    'error: slip.yaml:3: spec.containers[0].name: expected istio-proxy, istio-init or a container with an image, found "istio-prox" without one [FW3204]\n(run with --help for all options)\n',
  );
  check(
    'refuses a template with fields that no container has so',
    pod('a'),
    ['--template', 'wrong.yaml'],
    'error: wrong.yaml:1: spec.containers[0].image: expected a string, found 5 [FW3204]\nerror: wrong.yaml:1: spec.containers[0].env: expected a list, found an object [FW3204]\n(run with --help for all options)\n',
  );
  check(
    'refuses a MeshConfig whose defaults no proxy could use',
    pod('a'),
    ['--mesh-config', 'mesh.yaml'],
    'error: mesh.yaml: defaultConfig: drainDuration: expected a duration such as 1.5s or 250ms, found "soon"\n(run with --help for all options)\n',
  );
});
