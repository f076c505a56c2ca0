/**
 * Statuses of the objects of a cluster, written by the one replica that leads. Nothing that proxies get depends on it.
 *
 *      Lease ─► leader ─► reporter ─► statuses
 */
import { createAnalyses } from './analysis/analysis.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Writer } from './discovery-server.ts';
import type { ApiClient } from './kubernetes/api-client.ts';
import { type ElectionTimes, LeaderElection } from './kubernetes/leader-election.ts';
import { leaseStore } from './kubernetes/lease.ts';
import { systemClock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import type { ObjectSource } from './model/object-source.ts';
import { newReplicaName } from './replica-name.ts';
import { ClusterObjects } from './status/cluster-objects.ts';
import { declareEffects } from './status/effect.ts';
import { StatusReporter } from './status/status-reporter.ts';
import { statusStore } from './status/status-store.ts';

export interface ClusterStatusOptions {
  readonly client: ApiClient;
  /** Where the Lease is. */
  readonly systemNamespace: string;
  readonly log: Log;
  readonly times?: Partial<ElectionTimes>;
}

export interface ClusterStatus {
  /** The source without what we write ourselves. */
  readonly tap: (source: ObjectSource) => ObjectSource;
  readonly writer: (controlPlane: ControlPlane, onWrite: (result: string) => void) => Writer;
}

const leaseName = 'fairway-leader';

export function clusterStatus({ client, systemNamespace, log, times = {} }: ClusterStatusOptions): ClusterStatus {
  const objects = new ClusterObjects();
  const clock = systemClock;
  return {
    tap: (source) => objects.tap(source),
    writer: (controlPlane, onWrite) => {
      const { graph, mesh, diagnostics } = controlPlane;
      const effects = declareEffects(graph, controlPlane.configTables(), createAnalyses(graph, mesh));
      const store = statusStore({ client, clock });
      const common = { objects, store, log, onWrite, clock, now: Date.now, random: Math.random };
      let reporter: StatusReporter | undefined;
      const election: LeaderElection = new LeaderElection({
        lease: leaseStore(client, systemNamespace, leaseName),
        identity: newReplicaName(),
        log,
        onStarted: () => {
          reporter = new StatusReporter({ ...common, graph, effects, diagnostics, isLeader: () => election.isLeader });
        },
        onStopped: () => {
          reporter?.close();
          reporter = undefined;
        },
        times,
      });
      return writerOf(election, `${systemNamespace}/${leaseName}`);
    },
  };
}

function writerOf(election: LeaderElection, lease: string): Writer {
  const stop = new AbortController();
  let running = Promise.resolve();
  return {
    leadership: () => ({
      lease,
      identity: election.identity,
      isLeader: election.isLeader,
      ...(election.holder === undefined ? {} : { holder: election.holder }),
    }),
    start: () => {
      running = election.run(stop.signal);
    },
    stop: () => {
      stop.abort();
      return running;
    },
  };
}
