/** Sources of Kubernetes objects as one source of the rows that come of them, for the conformance list. */
import type { ObjectSource } from '../../src/model/object-source.ts';
import type { Freshness, Source } from '../../src/model/source.ts';
import { KubernetesRegistry } from '../../src/registry/kubernetes/registry.ts';
import type { RegistryChange } from '../../src/registry/registry.ts';

/** Synced when all of them are, stale while one of them is. What a registry does not read is passed over. */
export function objectRows(sources: readonly ObjectSource[]): Source<RegistryChange> {
  return {
    name: 'kubernetes/Kubernetes',
    async run(sink, signal) {
      const registry = new KubernetesRegistry(
        {
          name: 'kubernetes/Kubernetes',
          cluster: 'Kubernetes',
          domainSuffix: 'cluster.local',
          systemNamespace: 'istio-system',
          now: Date.now,
        },
        { apply: (rows) => sink.apply(rows), problems: (object, problems) => sink.problems(object, problems) },
      );
      const states = new Map<ObjectSource, Freshness>();
      const waiting = new Set(sources);
      const tell = () => {
        const stale = [...states.values()].find(({ state }) => state === 'stale');
        sink.freshness(stale ?? { state: 'live' });
      };
      await Promise.all(
        sources.map((source) =>
          source.run(
            {
              apply: (changes) => registry.apply(changes),
              problems: (part, problems) => sink.problems(`${source.name} ${part}`, problems),
              synced() {
                waiting.delete(source);
                if (waiting.size === 0) sink.synced();
              },
              freshness(freshness) {
                states.set(source, freshness);
                tell();
              },
            },
            signal,
          ),
        ),
      );
    },
  };
}
