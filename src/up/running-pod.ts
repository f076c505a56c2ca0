/** The processes of one pod: its application, its Envoy, and whether they serve. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { bootstrap } from '../agent/bootstrap.ts';
import { Child } from '../agent/child.ts';
import type { Log } from '../lib/log.ts';
import type { AddressBlock } from './address-block.ts';
import { adminPort, hasEnvoy, httpProxyPort, type Pod } from './pod.ts';
import type { Container } from './schema.ts';

export interface PodEnvironment {
  readonly envoy: string;
  readonly xds: { readonly host: string; readonly port: number };
  readonly addresses: AddressBlock;
  readonly cluster: string;
  readonly domainSuffix: string;
  /** Where bootstraps and logs are written. */
  readonly workFolder: string;
  readonly log: Log;
}

/** How often a pod is asked whether it serves, in milliseconds: until it does, and afterwards. */
const startingProbeMs = 100;
const runningProbeMs = 1000;
const stopGraceMs = 3000;

export class RunningPod {
  readonly pod: Pod;
  isReady = false;
  /** How often one of its processes has ended since it was ready last. */
  ends = 0;
  readonly #children: Child[];
  readonly #onReadiness: () => void;
  #probe: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** `onReadiness` is called whenever `isReady` or `ends` has changed. */
  constructor(pod: Pod, environment: PodEnvironment, onReadiness: () => void) {
    this.pod = pod;
    this.#onReadiness = onReadiness;
    const onEnd = (message: string) => {
      environment.log.warn(message);
      this.ends += 1;
      this.isReady = false;
      this.#onReadiness();
    };
    this.#children = [
      ...pod.workload.containers.map((container) => application(pod, container, environment, onEnd)),
      ...(hasEnvoy(pod) ? [envoy(pod, environment, onEnd)] : []),
    ];
    for (const child of this.#children) child.start();
    this.#check();
  }

  get pids(): readonly number[] {
    return this.#children.flatMap(({ pid }) => pid ?? []);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#probe);
    await Promise.all(this.#children.map((child) => child.stop(stopGraceMs)));
  }

  async #check(): Promise<void> {
    const { pod } = this;
    const { containers } = pod.workload;
    const answers = await Promise.all([
      ...containers.map((container) => applicationIsReady(pod, container)),
      ...(hasEnvoy(pod) ? [answers200(pod.ip, adminPort, '/ready')] : []),
    ]);
    if (this.#isStopped) return;
    const isReady = answers.every((answer) => answer);
    this.#set(isReady);
    this.#probe = setTimeout(() => void this.#check(), isReady ? runningProbeMs : startingProbeMs);
  }

  #set(isReady: boolean): void {
    if (isReady === this.isReady) return;
    this.isReady = isReady;
    this.ends = 0;
    this.#onReadiness();
  }
}

type OnEnd = (message: string) => void;

function application(pod: Pod, container: Container, { workFolder }: PodEnvironment, onEnd: OnEnd): Child {
  const [program = '', ...args] = [...(container.command ?? []), ...(container.args ?? [])];
  const name = `${pod.name}.${pod.workload.namespace}`;
  const logFile = join(workFolder, `${name}.${container.name ?? 'application'}.log`);
  return new Child({
    program,
    args,
    cwd: resolve(pod.workload.folder, container.workingDir ?? '.'),
    env: environmentOf(pod, container),
    logFile,
    onExit: (reason, ms) =>
      onEnd(`${name}: ${container.name ?? program} ended (${reason}), again in ${Math.round(ms)} ms; see ${logFile}`),
  });
}

/** What a container is told: what its YAML says, and where it is in the mesh. */
function environmentOf(pod: Pod, { env = [], ports = [] }: Container): NodeJS.ProcessEnv {
  const { workload } = pod;
  const fields: { readonly [path: string]: string } = {
    'metadata.name': pod.name,
    'metadata.namespace': workload.namespace,
    'status.podIP': pod.ip,
    'spec.serviceAccountName': workload.serviceAccount,
    'spec.nodeName': 'localhost',
  };
  const proxy = workload.hasSidecar ? `http://${pod.loopback}:${httpProxyPort}` : undefined;
  const [port] = ports;
  return {
    ...process.env,
    // `node` in a command means the one that runs Fairway.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    HOST: pod.application,
    ...(port?.containerPort === undefined ? {} : { PORT: String(port.containerPort) }),
    POD_NAME: pod.name,
    POD_NAMESPACE: workload.namespace,
    POD_IP: pod.ip,
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    NO_PROXY: undefined,
    no_proxy: undefined,
    ...Object.fromEntries(
      env.map(({ name, value, valueFrom }) => [
        name,
        String(value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ''] ?? ''),
      ]),
    ),
  };
}

function envoy(pod: Pod, environment: PodEnvironment, onEnd: OnEnd): Child {
  const { workFolder, xds, cluster, domainSuffix } = environment;
  const { workload } = pod;
  const name = `${pod.name}.${workload.namespace}`;
  const isGateway = workload.kind === 'gateway';
  const configFile = join(workFolder, `${name}.envoy.json`);
  const logFile = join(workFolder, `${name}.envoy.log`);
  const content = bootstrap({
    type: isGateway ? 'router' : 'sidecar',
    ip: pod.ip,
    pod: pod.name,
    namespace: workload.namespace,
    domainSuffix,
    cluster,
    serviceAccount: workload.serviceAccount,
    labels: workload.labels,
    workload: workload.name,
    metadata: {
      INTERCEPTION_MODE: 'NONE',
      UNPRIVILEGED_POD: 'true',
      LOOPBACK_ADDRESS: pod.loopback,
      APPLICATION_ADDRESS: pod.application,
      ...(isGateway ? {} : { HTTP_PROXY_PORT: String(httpProxyPort) }),
    },
    xds,
    dialect: 'delta',
    admin: { host: pod.ip, port: adminPort },
  });
  writeFileSync(configFile, JSON.stringify(content, null, 2));
  return new Child({
    program: environment.envoy,
    args: ['-c', configFile, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'],
    cwd: workFolder,
    env: process.env,
    logFile,
    onExit: (reason, ms) => onEnd(`${name}: Envoy ended (${reason}), again in ${Math.round(ms)} ms; see ${logFile}`),
  });
}

/** The container's own probe, or whether it takes connections; a container without ports is ready when it runs. */
function applicationIsReady({ application: host }: Pod, { ports = [], readinessProbe }: Container): Promise<boolean> {
  const probe = readinessProbe?.httpGet;
  const number = (port: number | string | undefined) =>
    typeof port === 'number' ? port : ports.find(({ name }) => name === port)?.containerPort;
  const probePort = number(probe?.port);
  if (probe !== undefined && probePort !== undefined) return answers200(host, probePort, probe.path ?? '/');
  const first = ports[0]?.containerPort;
  return first === undefined ? Promise.resolve(true) : accepts(host, first);
}

const probeTimeoutMs = 1000;

function answers200(host: string, port: number, path: string): Promise<boolean> {
  return new Promise((done) => {
    const probe = request({ host, port, path, agent: false, timeout: probeTimeoutMs }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    probe.on('error', () => done(false));
    probe.on('timeout', () => probe.destroy());
    probe.end();
  });
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: probeTimeoutMs }, () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
    socket.on('timeout', () => {
      socket.destroy();
      done(false);
    });
  });
}
