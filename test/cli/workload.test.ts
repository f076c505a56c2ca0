/** `fairway workload`: files that `fairway proxy` understands. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { podOf } from '../../src/agent/pod.ts';
import { parseProxyConfig } from '../../src/agent/proxy-config.ts';
import { exitCodeOf, runFairway } from '../support/run-fairway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const group = `apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: stock, namespace: shop}
spec:
  metadata: {labels: {version: v1}}
  template: {labels: {app: stock}, serviceAccount: stock, network: vms}
  probe: {periodSeconds: 5, httpGet: {path: /ready, port: 8080}}
`;

/** The variables of a file, as a shell and systemd read them. */
const variablesIn = (text: string) =>
  Object.fromEntries([...text.matchAll(/^([A-Z_]+)='([^'\n]*)'$/gm)].map(([, key, value]) => [key, value]));

describe('fairway workload', () => {
  it('writes who a workload of the group is, and how its application is probed', async (test) => {
    const folder = tempFolder(test);
    folder.write('group.yaml', group);
    const machine = ['--name', 'vm-1', '--ip', '10.20.0.7', '--cluster-id', 'c1'];
    const args = ['workload', 'group.yaml', '--discovery-address', 'fairway.example:15010', '-o', 'vm', ...machine];
    const { stdout, stderr, exitCode } = await runFairway(folder.path, args);
    assert.deepEqual([stderr, exitCode], ['', 0]);
    assert.equal(
      stdout,
      `wrote cluster.env and proxy-config.yaml to vm; on the machine, in that folder:
  fairway iptables --exclude-inbound-ports 22 --dns-port 15053
  set -a; . ./cluster.env; fairway proxy --proxy-config proxy-config.yaml
`,
    );
    const env = variablesIn(readFileSync(folder.at('vm/cluster.env'), 'utf8'));
    const pod = podOf({ env, read: () => undefined, podFolder: '/none' });
    assert.deepEqual(
      [pod.name, pod.namespace, pod.ips, pod.serviceAccount, pod.labels, pod.workload, pod.cluster],
      ['vm-1', 'shop', ['10.20.0.7'], 'stock', { app: 'stock', version: 'v1' }, 'stock', 'c1'],
    );
    const { AUTO_REGISTER_GROUP, NETWORK, INTERCEPTION_MODE, DNS_CAPTURE } = pod.metadata;
    assert.deepEqual(
      [AUTO_REGISTER_GROUP, NETWORK, INTERCEPTION_MODE, DNS_CAPTURE],
      ['stock', 'vms', 'REDIRECT', 'true'],
    );
    const { discoveryAddress, readinessProbe } = parseProxyConfig(
      readFileSync(folder.at('vm/proxy-config.yaml'), 'utf8'),
      'proxy-config.yaml',
    );
    assert.deepEqual(
      { discoveryAddress, readinessProbe },
      {
        discoveryAddress: 'fairway.example:15010',
        readinessProbe: { periodSeconds: 5, httpGet: { path: '/ready', port: 8080 } },
      },
    );
  });

  it('leaves to machines what is theirs', async (test) => {
    const folder = tempFolder(test);
    folder.write('group.yaml', group);
    const args = ['workload', 'group.yaml', '--discovery-address', '10.0.0.2:15010', '--no-interception'];
    const { stdout } = await runFairway(folder.path, args);
    assert.match(stdout, /proxy-config\.yaml, with POD_NAME and INSTANCE_IP of the machine\n$/);
    const env = variablesIn(readFileSync(folder.at('cluster.env'), 'utf8'));
    assert.deepEqual(Object.keys(env).sort(), [
      'ISTIO_METAJSON_LABELS',
      'ISTIO_META_AUTO_REGISTER_GROUP',
      'ISTIO_META_CLUSTER_ID',
      'ISTIO_META_INTERCEPTION_MODE',
      'ISTIO_META_NETWORK',
      'ISTIO_META_WORKLOAD_NAME',
      'POD_NAMESPACE',
      'SERVICE_ACCOUNT',
    ]);
  });

  function check(name: string, text: string, stderr: string, more: readonly string[] = []): void {
    it(name, async (test) => {
      const folder = tempFolder(test);
      folder.write('group.yaml', text);
      const found = await runFairway(folder.path, ['workload', 'group.yaml', '--discovery-address', 'a:1', ...more]);
      assert.deepEqual([found.exitCode, found.stdout, found.stderr.split('\n')[0]], [exitCodeOf(stderr), '', stderr]);
    });
  }
  check(
    'says what is wrong with the group',
    group.replace('httpGet: {path: /ready, port: 8080}', 'exec: {}'),
    'group.yaml:7: WorkloadGroup shop/stock: spec.probe.exec.command: expected a command, found none [FW0306]',
  );
  check(
    'writes nothing that a shell would run',
    group,
    `error: expected ISTIO_META_CLUSTER_ID without quotes and line ends, found "c'; reboot"`,
    ['--cluster-id', "c'; reboot"],
  );
  check(
    'writes no address that is none',
    group,
    "error: option '--ip <address>' argument '10.0.0.1,10.0.0.999' is invalid. expected IP addresses with commas between, found \"10.0.0.999\"",
    ['--ip', '10.0.0.1,10.0.0.999'],
  );
  check(
    'wants one group',
    `${group}---\n${group.replace('name: stock', 'name: other')}`,
    'error: expected one WorkloadGroup in group.yaml, found 2',
  );
  check(
    'wants a group',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
    'error: expected one WorkloadGroup in group.yaml, found 0',
  );
});
