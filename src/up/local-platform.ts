/**
 * Plays Kubernetes on this machine: keeps the pods running that local workloads ask for, and reports them as Pods and
 * EndpointSlices, or registers them in Consul.
 *
 *      Deployments, Services ─► wanted pods ─► processes ─► readiness ─┬─► Pods, EndpointSlices ─► sink
 *                                                                      └─► registrar ─► Consul
 */
import { equal } from '../lib/equal.ts';
import type { Log } from '../lib/log.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from '../model/kubernetes-object.ts';
import type { ObjectSink, ObjectSource } from '../model/object-source.ts';
import type { Problem } from '../model/problem.ts';
import type { ConsulRegistrar } from './consul-registrar.ts';
import { endpointSlices } from './endpoint-slices.ts';
import { type ConsulPlace, isWorkload, type LocalWorkload, toLocalWorkload } from './local-workload.ts';
import { createPod, type Pod, podChange } from './pod.ts';
import { type PodEnvironment, RunningPod } from './running-pod.ts';

export interface LocalPlatformOptions {
  readonly log: Log;
  readonly consul: ConsulPlace & { readonly registrar?: Pick<ConsulRegistrar, 'report'> };
  /** Told whenever a pod has come, gone, or changed its readiness. */
  readonly onChange: () => void;
}

/** After proxies have been told that a pod is going, its processes run on for this long, in milliseconds. */
const lameDuckMs = 1000;
/** A pod that takes the place of another has this long to become ready before the other goes all the same. */
const replacementMs = 10_000;

export class LocalPlatform {
  readonly #options: LocalPlatformOptions;
  readonly #workloads = new Map<string, LocalWorkload>();
  readonly #services = new Map<string, KubernetesObject>();
  readonly #pods = new Map<string, RunningPod>();
  readonly #numbers = new Set<number>();
  /** How many pods each workload has had: a pod's name is never used twice. */
  readonly #names = new Map<string, number>();
  readonly #stopping = new Set<Promise<void>>();
  readonly #slices = new Map<string, readonly KubernetesObject[]>();
  readonly #replaceTimers = new Set<NodeJS.Timeout>();
  #sink: ObjectSink | undefined;
  #environment: PodEnvironment | undefined;
  #isClosed = false;

  constructor(options: LocalPlatformOptions) {
    this.#options = options;
  }

  /** The objects that this platform reports. */
  get source(): ObjectSource {
    return {
      name: 'local workloads',
      run: async (sink) => {
        this.#sink = sink;
        sink.synced();
      },
    };
  }

  get workloads(): readonly LocalWorkload[] {
    return [...this.#workloads.values()];
  }

  get pods(): readonly RunningPod[] {
    return [...this.#pods.values()];
  }

  /** Takes objects that another source has found; problems with local workloads go to `problems`. */
  observe(changes: readonly ObjectChange[], problems: (part: string, problems: readonly Problem[]) => void): void {
    for (const change of changes) {
      const key = objectKey(change);
      if (isWorkload(change)) {
        const part = `${key} (local)`;
        const { workload, problems: found } =
          change.object === undefined ? { problems: [] } : toLocalWorkload(change.object, this.#options.consul);
        problems(part, found);
        if (workload !== undefined) this.#workloads.set(key, workload);
        else if (found.length === 0) this.#workloads.delete(key);
      }
      if (change.group === '' && change.kind === 'Service') {
        if (change.object === undefined) this.#services.delete(key);
        else this.#services.set(key, change.object);
      }
    }
    this.#reconcile();
  }

  /** Starts what is to run; from now on it is kept running. */
  start(environment: PodEnvironment): void {
    this.#environment = environment;
    this.#reconcile();
  }

  /** Ends all processes; resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#replaceTimers) clearTimeout(timer);
    await Promise.all([...[...this.#pods.values()].map((pod) => pod.stop()), ...this.#stopping]);
    this.#pods.clear();
  }

  #reconcile(): void {
    if (this.#environment === undefined || this.#isClosed) return;
    for (const [key, workload] of this.#workloads) this.#adjust(key, workload);
    for (const [name, running] of this.#pods) {
      const { origin, namespace } = running.pod.workload;
      if (
        !this.#workloads.has(
          objectKey({ group: 'apps', kind: origin.kind, namespace, name: running.pod.workload.name }),
        )
      )
        this.#remove(name, running);
    }
    this.#report();
  }

  /** Starts pods that are missing; those of an older version, or too many, go when the others are ready. */
  #adjust(key: string, workload: LocalWorkload): void {
    const all = [...this.#pods].filter(
      ([, { pod }]) => pod.workload.name === workload.name && pod.workload.namespace === workload.namespace,
    );
    const current = all.filter(([, { pod }]) => pod.workload.version === workload.version);
    const outdated = all.filter(([, { pod }]) => pod.workload.version !== workload.version);
    // A stated address can be held by one pod at a time.
    if (workload.address !== undefined && outdated.length > 0) {
      for (const [name, running] of outdated) this.#remove(name, running);
      return;
    }
    for (const [name, running] of current.slice(workload.replicas)) this.#remove(name, running);
    for (let i = current.length; i < workload.replicas; i++) this.#add(key, workload);
    if (outdated.length === 0) return;
    const replacements = [...this.#pods.values()].filter(({ pod }) => pod.workload.version === workload.version);
    if (replacements.every(({ isReady }) => isReady)) {
      for (const [name, running] of outdated) this.#remove(name, running);
    } else {
      const timer = setTimeout(() => {
        this.#replaceTimers.delete(timer);
        for (const [name, running] of outdated) this.#remove(name, running);
        this.#report();
      }, replacementMs);
      this.#replaceTimers.add(timer);
    }
  }

  #add(key: string, workload: LocalWorkload): void {
    const environment = this.#environment;
    if (environment === undefined) return;
    let number = 1;
    while (this.#numbers.has(number)) number += 1;
    this.#numbers.add(number);
    const count = (this.#names.get(key) ?? 0) + 1;
    this.#names.set(key, count);
    const pod = createPod(workload, `${workload.name}-${count}`, number, environment.addresses);
    const running = new RunningPod(pod, environment, () => this.#reconcile());
    this.#pods.set(podKey(workload.namespace, pod.name), running);
    this.#tell(pod, 'not-ready');
  }

  /** First nobody is sent there any more, then it ends. */
  #remove(name: string, running: RunningPod): void {
    if (!this.#pods.delete(name)) return;
    this.#tell(running.pod, 'gone');
    const gone = new Promise<void>((resolve) => setTimeout(resolve, this.#isClosed ? 0 : lameDuckMs))
      .then(() => running.stop())
      .then(() => {
        this.#numbers.delete(running.pod.number);
        this.#stopping.delete(gone);
        this.#reconcile();
      });
    this.#stopping.add(gone);
  }

  /** Tells the sink of a pod at once; Consul is told of all together. */
  #tell(pod: Pod, state: 'not-ready' | 'gone'): void {
    if (pod.workload.registry === 'kubernetes') this.#sink?.apply([podChange(pod, state)]);
  }

  /** Tells the sink of pods and slices that differ from what it was told last, and Consul of all that are there. */
  #report(): void {
    const all = [...this.#pods.values()].map(({ pod, isReady }) => ({ pod, isReady }));
    const states = all.filter(({ pod }) => pod.workload.registry === 'kubernetes');
    this.#options.consul.registrar?.report(all.filter(({ pod }) => pod.workload.registry === 'consul'));
    const changes: ObjectChange[] = states.map(({ pod, isReady }) => podChange(pod, isReady ? 'ready' : 'not-ready'));
    for (const [key, service] of this.#services) {
      const before = this.#slices.get(key) ?? [];
      const after = endpointSlices(service, states);
      this.#slices.set(key, after);
      changes.push(
        ...after.filter((slice, i) => !equal(slice.value, before[i]?.value)).map((object) => ({ ...object, object })),
      );
      changes.push(
        ...before.slice(after.length).map(({ group, kind, namespace, name }) => ({ group, kind, namespace, name })),
      );
    }
    for (const [key, before] of this.#slices) {
      if (this.#services.has(key)) continue;
      this.#slices.delete(key);
      changes.push(...before.map(({ group, kind, namespace, name }) => ({ group, kind, namespace, name })));
    }
    if (changes.length > 0) this.#sink?.apply(changes);
    this.#options.onChange();
  }
}

function podKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
