/**
 * `npm run bench -- cluster`: how soon `fairway serve` is ready with a large cluster, and what it takes at rest. The API server and
 * its store share the machine.
 */
import { once } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '../test/kubernetes/support/cluster.ts';
import { installDefinitions } from '../test/kubernetes/support/definitions.ts';
import { numbersOf } from './options.ts';
import { type Usage, usageOf } from './process-usage.ts';
import { startServer } from './server.ts';

interface Options {
  readonly services: number;
  /** Of each Service. */
  readonly pods: number;
  /** In seconds. */
  readonly rest: number;
}

const namespaces = 10;
const nodes = 50;
/** So many writes are under way at one time. */
const writers = 16;

/** What a Pod of an ordinary application looks like: most of it is read by nobody here. */
const environment = Array.from({ length: 20 }, (_, i) => ({
  name: `SETTING_${i}`,
  value: `value ${i} of this application`,
}));

/** Services with their Pods and EndpointSlices, and a VirtualService for each. */
async function fill({ api }: Cluster, { services, pods }: Options): Promise<void> {
  const namespaceOf = (service: number) => `ns-${service % namespaces}`;
  for (let i = 0; i < namespaces; i += 1) await api('POST', '/api/v1/namespaces', { metadata: { name: `ns-${i}` } });
  for (let i = 0; i < nodes; i += 1)
    await api('POST', '/api/v1/nodes', {
      metadata: {
        name: `node-${i}`,
        labels: { 'topology.kubernetes.io/region': 'north', 'topology.kubernetes.io/zone': `north-${i % 3}` },
      },
    });
  const fillService = async (service: number) => {
    const namespace = namespaceOf(service);
    const name = `service-${service}`;
    const metadata = { name };
    await api('POST', `/api/v1/namespaces/${namespace}/services`, {
      metadata,
      spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    });
    await api('POST', `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`, {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata,
      spec: { hosts: [name], http: [{ timeout: '5s', route: [{ destination: { host: name } }] }] },
    });
    const all = Array.from({ length: pods }, (_, i) => podOf(service * pods + i, name));
    for (const { pod, status } of all) {
      await api('POST', `/api/v1/namespaces/${namespace}/pods`, pod);
      await api('PATCH', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/status`, { status });
    }
    await api('POST', `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
      metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: all.map(({ pod, status }) => ({
        addresses: [status.podIP],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: pod.spec.nodeName,
        targetRef: { kind: 'Pod', namespace, name: pod.metadata.name },
      })),
    });
  };
  let next = 0;
  const writer = async () => {
    for (let service = next++; service < services; service = next++) {
      await fillService(service);
      if (service % 100 === 99) process.stdout.write(`\r${service + 1} of ${services} Services`);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  console.log();
}

function podOf(number: number, app: string) {
  const podIP = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const container = { image: 'registry.example/application:1.2.3', env: environment };
  return {
    pod: {
      metadata: {
        name: `${app}-${number}`,
        labels: { app, version: `v${number % 2}`, 'pod-template-hash': '7d4b9c6f5' },
      },
      spec: {
        nodeName: `node-${number % nodes}`,
        containers: [
          { ...container, name: 'application', ports: [{ name: 'http', containerPort: 8080 }] },
          { ...container, name: 'sidecar' },
        ],
      },
    },
    status: {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True' })),
    },
  };
}

async function main(): Promise<void> {
  const options: Options = numbersOf('cluster', { services: 1000, pods: 5, rest: 20 });
  const { services, pods, rest } = options;
  console.log(`${services} Services, ${services * pods} Pods, ${services} VirtualServices`);
  console.log(`Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'})\n`);
  const cluster = await startCluster();
  try {
    await installDefinitions(cluster);
    await fill(cluster, options);
    const began = performance.now();
    const server = await startServer(['--kubeconfig', cluster.kubeconfigPath, '--no-status']);
    const readyMs = performance.now() - began;
    const ready = usageOf(server.pid);
    console.log(
      `start: ready after ${readyMs.toFixed(0)} ms, CPU ${ready.cpuMs} ms, ${ready.residentMb.toFixed(0)} MB`,
    );
    await sleep(rest * 1000);
    const rested = usageOf(server.pid);
    console.log(`rest: CPU ${share(ready, rested, rest)} % over ${rest} s, ${rested.residentMb.toFixed(0)} MB`);
    const gone = once(server.process, 'exit');
    server.process.kill('SIGTERM');
    await gone;
  } finally {
    await cluster.stop();
  }
}

function share(before: Usage, after: Usage, seconds: number): string {
  return ((after.cpuMs - before.cpuMs) / seconds / 10).toFixed(1);
}

await main();
