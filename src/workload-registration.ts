/**
 * Workloads that register themselves, between the streams and the mesh.
 *
 *      streams ─► registrar ─► store ─► (API server) ─► WorkloadEntry ─► mesh
 */
import { RegistrationError } from './auto-registration/admission.ts';
import { Caretaker, type CaretakerOptions } from './auto-registration/caretaker.ts';
import type { EntryFolder } from './auto-registration/entry-folder.ts';
import type { EntryStore } from './auto-registration/entry-store.ts';
import { memoryStore } from './auto-registration/memory-store.ts';
import { Registrar, type Registration } from './auto-registration/registrar.ts';
import { configKey } from './config/config.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { registrationState } from './model/registration.ts';
import { newReplicaName } from './replica-name.ts';
import type { ProxyHost } from './xds/ads-service.ts';
import { RefusalError } from './xds/refusal-error.ts';

export interface RegistrationOptions {
  /** Where all replicas see entries; without it each knows those of its own proxies. */
  readonly store?: EntryStore;
  /** Where this process keeps entries that no store of others has; without it they end with it. */
  readonly folder?: EntryFolder;
  /** How long a workload may be away before it is not registered any more, in milliseconds; Istio's default when absent. */
  readonly graceMs?: number;
  readonly times?: Pick<CaretakerOptions, 'answerMs' | 'everyMs'>;
}

export interface WorkloadRegistration {
  /** The mesh, with proxies registered that ask for it. */
  readonly host: ProxyHost;
  /** All that sources hold is known. */
  start(): void;
  /** Resolves when it is noted which workloads have gone. */
  stop(): Promise<void>;
}

/** Made before any source runs. */
export function workloadRegistration(
  controlPlane: ControlPlane,
  { store: shared, folder, graceMs = 10_000, times = {} }: RegistrationOptions,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): WorkloadRegistration {
  const { graph, mesh } = controlPlane;
  const { workloadEntries, workloadGroups } = mesh.tables;
  const annotations = graph.query('registration', {
    reads: [workloadEntries],
    compute: (read, key: string) => read.row(workloadEntries, key)?.annotations,
  });
  const group = graph.query('registrationGroup', {
    reads: [workloadGroups],
    compute: (read, key: string) => read.row(workloadGroups, key),
  });
  const hasGroup = graph.query('registrationHasGroup', {
    reads: [group],
    compute: (read, key: string) => read.cell(group, key) !== undefined,
  });
  const questions = graph.query('registrationQuestions', {
    reads: [workloadEntries.asked],
    compute: (read, controller: string) => read.keys(workloadEntries.asked, controller),
  });
  const common = {
    store: shared ?? memoryStore(controlPlane.registrations(), folder),
    controller: newReplicaName(),
    log,
    clock,
  };
  const registrar = new Registrar({
    ...common,
    now: Date.now,
    graceMs,
    groupOf: (key) => graph.read(group, configKey(key)),
    watch: (key, onChange) => graph.watch(annotations, configKey(key), onChange).close,
    watchGroup: (key, onThere) => graph.watch(hasGroup, configKey(key), (isThere) => isThere && onThere()).close,
  });
  const caretaker = new Caretaker({
    ...common,
    ...times,
    registrar,
    now: Date.now,
    graceMs,
    entries: () =>
      [...graph.rows(workloadEntries)].flatMap(([, entry]) => {
        const state = registrationState(entry.annotations);
        return state === undefined ? [] : [{ namespace: entry.namespace, name: entry.name, state }];
      }),
  });
  const asked = graph.watch(questions, common.controller, answer);
  function answer(keys: readonly string[]): void {
    for (const key of keys) {
      const [namespace = '', name = ''] = key.split('/');
      void caretaker.answer({ namespace, name });
    }
  }
  return {
    host: registeringHost(controlPlane, registrar),
    start() {
      // What is kept may be of a process that has ended.
      if ((shared ?? folder) !== undefined) caretaker.start();
    },
    async stop() {
      asked.close();
      caretaker.close();
      await registrar.stop();
    },
  };
}

function registeringHost(mesh: ProxyHost, registrar: Registrar): ProxyHost {
  return {
    connect(proxy, onScope) {
      let registration: Registration | undefined;
      try {
        registration = registrar.connected(proxy);
      } catch (error) {
        if (error instanceof RegistrationError)
          throw new RefusalError(error.message, { proxy: proxy.name, cause: error });
        throw error;
      }
      if (registration === undefined) return mesh.connect(proxy, onScope);
      const { report, close } = registration;
      try {
        const place = mesh.connect(proxy, onScope);
        return {
          scope: place.scope,
          reportHealth: (problem) => report({ problem }),
          close() {
            close();
            place.close();
          },
        };
      } catch (error) {
        close();
        throw error;
      }
    },
    view: (type, scope) => mesh.view(type, scope),
  };
}
