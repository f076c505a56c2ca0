/**
 * Whole bootstraps, as `fairway bootstrap` writes them from options, environment and files of the downward API; Envoy accepts
 * each. `UPDATE_GOLDEN=1` writes what is found.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { envoyArguments } from '../../src/agent/proxy-bootstrap.ts';
import { describeWithEnvoy } from '../envoy/support/suite.ts';
import { fairwayProgram } from '../support/run-fairway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = fileURLToPath(new URL('./bootstrap', import.meta.url));
const isUpdating = process.env.UPDATE_GOLDEN === '1';

interface Case {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Files of the downward API, by name. */
  readonly pod?: { readonly [name: string]: string };
}

const injected = {
  POD_NAME: 'web-6c5d7b9f4-x2x7k',
  POD_NAMESPACE: 'shop',
  INSTANCE_IP: '10.0.0.7',
  INSTANCE_IPS: '10.0.0.7,2001:db8::7',
  SERVICE_ACCOUNT: 'web',
  ISTIO_CPU_LIMIT: '2',
  ISTIO_META_CLUSTER_ID: 'east',
  ISTIO_META_NODE_NAME: 'node-1',
  ISTIO_META_INTERCEPTION_MODE: 'REDIRECT',
  PROXY_CONFIG: JSON.stringify({
    discoveryAddress: 'fairway.istio-system.svc:15010',
    tracing: { zipkin: { address: 'zipkin.tracing:9411' } },
    runtimeValues: { 'overload.global_downstream_max_connections': '50000' },
  }),
};

const cases: { readonly [name: string]: Case } = {
  'a-sidecar-from-options': {
    args: ['--pod', 'web-1', '--namespace', 'shop', '--ip', '10.0.0.7', '--labels', 'app=web,version=v1'],
  },
  'a-sidecar-as-injected': {
    args: ['--memory-limit', '1Gi', '--domain', 'shop.svc.cluster.local'],
    env: injected,
    pod: {
      labels: 'app="web"\nistio-locality="eu.west.a"\n',
      annotations:
        'proxy.istio.io/config="proxyAdminPort: 15999\\n"\nsidecar.istio.io/statsInclusionPrefixes="cluster.outbound"\n',
    },
  },
  'a-gateway': {
    args: ['router', '--discovery-address', '10.0.0.2:15010', '--dialect', 'sotw'],
    env: { POD_NAME: 'ingress-1', POD_NAMESPACE: 'istio-system', INSTANCE_IP: '2001:db8::8' },
    pod: { labels: 'istio="ingressgateway"\n' },
  },
};

function bootstrapOf({ args, env = {}, pod = {} }: Case, context: Parameters<typeof tempFolder>[0]) {
  const files = tempFolder(context);
  for (const [name, text] of Object.entries(pod)) files.write(name, text);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fairwayProgram, 'bootstrap', ...args, '--pod-folder', files.path],
    { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' },
  );
  assert.deepEqual([status, stderr], [0, '']);
  return { text: stdout, files };
}

describe('the bootstrap of', () => {
  for (const [name, one] of Object.entries(cases))
    test(name.replaceAll('-', ' '), (context) => {
      const text = stringify(JSON.parse(bootstrapOf(one, context).text));
      const file = `${folder}/${name}.yaml`;
      if (isUpdating) writeFileSync(file, text);
      assert.equal(text, existsSync(file) ? readFileSync(file, 'utf8') : '');
    });
});

describeWithEnvoy('Envoy accepts the bootstrap of', ({ path }) => {
  for (const [name, one] of Object.entries(cases))
    test(name.replaceAll('-', ' '), (context) => {
      const { text, files } = bootstrapOf(one, context);
      files.write('envoy.json', text);
      const args = envoyArguments(files.at('envoy.json'), { config: {}, concurrency: 1 });
      const { status, stderr } = spawnSync(path, ['--mode', 'validate', ...args], { encoding: 'utf8' });
      // Levels of single parts, by which these are not written, do not hold in this mode.
      const said = stderr.split('\n').filter((line) => !line.includes('Deprecated field: '));
      assert.deepEqual([status, said], [0, ['']]);
    });
});
