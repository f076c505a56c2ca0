/**
 * One pod on the node, from its sandbox to its end, in the order in which kubelets do it:
 *
 *      sandbox ─► init containers, one after the other; those that go on (native sidecars) until their startup probe succeeds
 *              ─► containers ─► ready ─► told to go: all preStop hooks ─► containers end ─► sidecars end
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PodApplication, talkTo } from './application.ts';
import { applicationImage, type ContainerOptions, ended, logTail, runHook, startContainer } from './container.ts';
import {
  type ContainerObject,
  downwardText,
  environmentOf,
  type Hook,
  type HttpProbe,
  type PodObject,
} from './pod-object.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

export interface RunningPod {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: Sandbox['addresses'];
  /** Undefined until it runs. */
  readonly application: PodApplication | undefined;
  /** Runs whatever is to run; resolves when containers run. Rejects with the log of what has failed. */
  start(): Promise<void>;
  /** Asks its readiness probes. */
  isReady(): Promise<boolean>;
  /** Runs hooks and ends containers in order. */
  end(graceMs: number): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** The end of what a container has said. */
  log(container: string): string;
  /** One request to the admin port of its Envoy. */
  admin(path: string): Promise<string>;
  /** A signal to the processes of a container. */
  signal(container: string, signal: NodeJS.Signals): void;
}

export interface PodOptions {
  readonly pod: PodObject;
  readonly folder: string;
  readonly number: number;
  readonly isDualStack: boolean;
  readonly resolvConf: string;
}

interface Running {
  readonly options: ContainerOptions;
  readonly child: ChildProcess;
  readonly isSidecar: boolean;
}

/** How long a startup probe may take, on a machine that does much else. */
const startMs = 60_000;
const lookMs = 50;

export async function createPod(options: PodOptions): Promise<RunningPod> {
  const { pod, folder, number, isDualStack, resolvConf } = options;
  mkdirSync(folder, { recursive: true });
  const sandbox = await startSandbox({
    ...{ folder, number, isDualStack },
    sysctls: Object.fromEntries((pod.spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value])),
    files: {
      'resolv.conf': resolvConf,
      'istio/pod/labels': downwardText(pod.metadata.labels),
      'istio/pod/annotations': downwardText(pod.metadata.annotations),
    },
  });
  return new Pod(pod, folder, sandbox);
}

class Pod implements RunningPod {
  readonly #pod: PodObject;
  readonly #folder: string;
  readonly #sandbox: Sandbox;
  readonly #running: Running[] = [];
  application: PodApplication | undefined;

  constructor(pod: PodObject, folder: string, sandbox: Sandbox) {
    this.#pod = pod;
    this.#folder = folder;
    this.#sandbox = sandbox;
  }

  get name(): string {
    return this.#pod.metadata.name;
  }

  get labels(): RunningPod['labels'] {
    return this.#pod.metadata.labels ?? {};
  }

  get addresses(): Sandbox['addresses'] {
    return this.#sandbox.addresses;
  }

  async start(): Promise<void> {
    const { initContainers = [], containers } = this.#pod.spec;
    for (const container of initContainers) {
      const { options, child } = this.#launch(container);
      if (container.restartPolicy !== 'Always') {
        const code = await ended(child);
        if (code !== 0) throw this.#failed(container, `it ended with ${code}`, options);
        continue;
      }
      await this.#untilStarted(container, child, options);
    }
    for (const container of containers) {
      const { child, options } = this.#launch(container);
      if (container.image === applicationImage) this.application = talkTo(child);
      // The next container waits for it: that is how an application is held until its proxy is ready.
      await this.#run(options, container.lifecycle?.postStart);
    }
  }

  async isReady(): Promise<boolean> {
    const probes = this.#running.flatMap(({ options }) => options.container.readinessProbe ?? []);
    const answers = await Promise.all(probes.map((probe) => this.#succeeds(probe)));
    return answers.every(Boolean) && (await this.#listens());
  }

  async end(graceMs: number): Promise<void> {
    const deadline = performance.now() + graceMs;
    const timer = setTimeout(() => this.#signalAll('SIGKILL'), graceMs);
    const hooks = new Map(
      this.#running.map((one) => [one, this.#run(one.options, one.options.container.lifecycle?.preStop)]),
    );
    const endOf = async (running: Running) => {
      await Promise.race([
        hooks.get(running),
        sleep(Math.max(0, deadline - performance.now()), undefined, { ref: false }),
      ]);
      running.child.kill('SIGTERM');
      await ended(running.child);
    };
    // Sidecars wait their turn with SIGTERM, not with their hooks.
    await Promise.all(this.#running.filter(({ isSidecar }) => !isSidecar).map(endOf));
    for (const sidecar of this.#running.filter(({ isSidecar }) => isSidecar).reverse()) await endOf(sidecar);
    clearTimeout(timer);
    await this.#sandbox.stop();
  }

  async kill(): Promise<void> {
    this.#signalAll('SIGTERM');
    const timer = setTimeout(() => this.#signalAll('SIGKILL'), 2000);
    await Promise.all(this.#running.map(({ child }) => ended(child)));
    clearTimeout(timer);
    await this.#sandbox.stop();
  }

  log(container: string): string {
    return logTail(this.#logFile(container));
  }

  async admin(path: string): Promise<string> {
    const child = this.#sandbox.spawn('curl', ['--silent', '--max-time', '5', `http://127.0.0.1:15000${path}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    await new Promise((resolve) => child.once('close', resolve));
    return text;
  }

  signal(container: string, signal: NodeJS.Signals): void {
    for (const { options, child } of this.#running) if (options.container.name === container) child.kill(signal);
  }

  #logFile(container: string): string {
    return join(this.#folder, `${container}.log`);
  }

  #launch(container: ContainerObject): Running {
    const { addresses } = this.#sandbox;
    const env = environmentOf(this.#pod, addresses, container);
    const options = { sandbox: this.#sandbox, container, env, logFile: this.#logFile(container.name) };
    const isSidecar = container.restartPolicy === 'Always';
    const running = { options, child: startContainer(options), isSidecar };
    this.#running.push(running);
    return running;
  }

  async #untilStarted(container: ContainerObject, child: ChildProcess, options: ContainerOptions): Promise<void> {
    const { startupProbe } = container;
    if (startupProbe === undefined) return;
    const deadline = performance.now() + startMs;
    while (!(await this.#succeeds(startupProbe))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw this.#failed(container, `it ended with ${child.exitCode ?? child.signalCode}`, options);
      if (performance.now() > deadline) throw this.#failed(container, `it had not within ${startMs} ms`, options);
      await sleep(lookMs);
    }
  }

  #failed({ name }: ContainerObject, what: string, { logFile }: ContainerOptions): Error {
    return new Error(
      `expected ${name} of ${this.name} to start, but ${what}; the end of its log:\n${logTail(logFile)}`,
    );
  }

  async #succeeds({ httpGet: { path, port } }: HttpProbe): Promise<boolean> {
    const url = `http://${this.addresses[0]}:${port}${path}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
    await response?.body?.cancel();
    return response !== undefined && response.status >= 200 && response.status < 400;
  }

  /** An application answers commands once its ports are open. */
  async #listens(): Promise<boolean> {
    if (this.application === undefined) return true;
    return this.application.received().then(
      () => true,
      () => false,
    );
  }

  async #run(options: ContainerOptions, hook: Hook | undefined): Promise<void> {
    if (hook?.sleep !== undefined) await sleep(hook.sleep.seconds * 1000);
    if (hook?.exec !== undefined) await runHook(options, hook.exec.command);
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const { child } of this.#running) child.kill(signal);
  }
}
