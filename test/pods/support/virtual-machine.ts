/** A machine that no kubelet looks after: an application, and `fairway proxy` beside it that registers it by a WorkloadGroup. */
import { join } from 'node:path';
import { type PodApplication, talkTo } from './application.ts';
import { applicationImage, type ContainerOptions, ended, logTail, startContainer } from './container.ts';
import type { ContainerObject } from './pod-object.ts';
import { nodeAddress, type Sandbox, startSandbox } from './sandbox.ts';

export interface VirtualMachine {
  readonly address: string;
  readonly application: PodApplication;
  /** Ends the proxy in order, as an orderly shutdown does. */
  shutDown(): Promise<void>;
  /** The machine loses its power. */
  fail(): Promise<void>;
}

export interface VirtualMachineOptions {
  /** An empty folder for its files. */
  readonly folder: string;
  /** Of its address: pods have the small ones. */
  readonly number: number;
  readonly name: string;
  readonly group: string;
  /** Of the application; see application-program.ts. */
  readonly args: readonly string[];
  readonly readinessProbe: object;
}

const image = 'fairway-proxy:test';

export async function startVirtualMachine(options: VirtualMachineOptions): Promise<VirtualMachine> {
  const { folder, number, name, group, args, readinessProbe } = options;
  const resolvConf = `nameserver ${nodeAddress}\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n`;
  const sandbox = await startSandbox({
    folder,
    number,
    isDualStack: false,
    sysctls: {},
    files: { 'resolv.conf': resolvConf },
  });
  const [address] = sandbox.addresses;
  const launch = (container: ContainerObject, env: Readonly<Record<string, string>> = {}) =>
    startContainer(optionsOf(sandbox, folder, container, env));
  const rules = launch({
    ...{ name: 'iptables', image, args: ['iptables', '--dns-port', '15053'] },
    securityContext: { runAsUser: 0, runAsGroup: 0, capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
  });
  const code = await ended(rules);
  if (code !== 0) throw new Error(`fairway iptables ended with ${code}: ${logTail(join(folder, 'iptables.log'))}`);
  const proxy = launch(
    { name: 'proxy', image, args: ['proxy'], securityContext: { runAsUser: 1337, runAsGroup: 1337 } },
    {
      POD_NAME: name,
      POD_NAMESPACE: 'shop',
      INSTANCE_IP: address,
      ISTIO_META_AUTO_REGISTER_GROUP: group,
      ISTIO_META_INTERCEPTION_MODE: 'REDIRECT',
      ISTIO_META_DNS_CAPTURE: 'true',
      PROXY_CONFIG: JSON.stringify({ discoveryAddress: `${nodeAddress}:15010`, concurrency: 1, readinessProbe }),
    },
  );
  const child = launch({ name: 'application', image: applicationImage, args: ['--name', name, ...args] });
  let isOver = false;
  const end = async (signal: NodeJS.Signals) => {
    if (isOver) return;
    isOver = true;
    proxy.kill(signal);
    await ended(proxy);
    child.kill('SIGKILL');
    await ended(child);
    await sandbox.stop();
  };
  return {
    ...{ address, application: talkTo(child) },
    shutDown: () => end('SIGTERM'),
    // Nobody closes connections then: what the machine sends no longer arrives.
    async fail() {
      await sandbox.unplug();
      await end('SIGKILL');
    },
  };
}

function optionsOf(
  sandbox: Sandbox,
  folder: string,
  container: ContainerObject,
  env: Readonly<Record<string, string>>,
): ContainerOptions {
  return { sandbox, container, env, logFile: join(folder, `${container.name}.log`) };
}
