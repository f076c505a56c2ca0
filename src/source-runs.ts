/** Sources as the process runs them: where each delivers, and what is waited for before proxies are served. */
import type { ControlPlane } from './control-plane.ts';
import { guarded } from './guard/guarded.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import type { MeshConfigSource } from './mesh-config-source.ts';
import type { Catalog } from './model/catalog.ts';
import type { ObjectSource } from './model/object-source.ts';
import type { Sink, Source } from './model/source.ts';

/** All that a mesh is made of. */
export interface Sources {
  readonly sources: readonly ObjectSource[];
  /** Each one's objects lie over those of the same name that `sources`, and those before it here, state. */
  readonly overlays?: readonly ObjectSource[];
  /** Catalogs of services, each a registry of its own. */
  readonly catalogs?: readonly Catalog[];
  /** The source of further clusters of the mesh, which it makes known to the control plane. */
  readonly otherClusters?: (controlPlane: ControlPlane) => ObjectSource;
  /** Where Istio's MeshConfig comes from; without a source Istio's defaults hold. */
  readonly meshConfig?: MeshConfigSource;
}

/** What is heard of sources that run. */
export interface FirstLists {
  /** Resolves when each source has delivered its first list; is rejected when one fails. */
  readonly synced: Promise<void>;
  /** The names of those that have not. */
  readonly waiting: ReadonlySet<string>;
}

/** Runs all sources into a control plane until the signal aborts. */
export function runSources(
  sources: Sources,
  controlPlane: ControlPlane,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
  signal: AbortSignal,
): FirstLists {
  // All sinks are there before any source starts.
  const runs = runsOf(sources, controlPlane, { log, clock });
  const waiting = new Set(runs.map(({ name }) => name));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  for (const { name, start } of runs) {
    const onSynced = () => {
      waiting.delete(name);
      if (waiting.size === 0) resolve();
    };
    start(onSynced, signal).catch((error: unknown) => {
      log.error('a source has failed', { registry: name, error });
      reject(error);
    });
  }
  if (waiting.size === 0) resolve();
  return { synced: promise, waiting };
}

/** A source that starts when it is told who hears of its first list. */
interface SourceRun {
  readonly name: string;
  start(onSynced: () => void, signal: AbortSignal): Promise<void>;
}

function runsOf(
  { sources, overlays = [], catalogs = [], meshConfig, otherClusters }: Sources,
  controlPlane: ControlPlane,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): readonly SourceRun[] {
  const mesh = meshConfig === undefined ? [] : [meshConfig(controlPlane)];
  const others = otherClusters === undefined ? [] : [otherClusters(controlPlane)];
  return [
    ...[...mesh, ...sources, ...others].map((source) => runOf(source, controlPlane.sink(source.name))),
    ...overlays.map((source, i) => runOf(source, controlPlane.sink(source.name, { layer: i + 1 }))),
    ...catalogs.map((catalog) => {
      const { held, ...sink } = controlPlane.catalogSink(catalog);
      return runOf(guarded(catalog, { log, clock, onHeld: held }), sink);
    }),
  ];
}

function runOf<Change>(source: Source<Change>, sink: Sink<Change>): SourceRun {
  return {
    name: source.name,
    start(onSynced, signal) {
      const synced = () => {
        sink.synced();
        onSynced();
      };
      return source.run({ ...sink, synced }, signal);
    },
  };
}
