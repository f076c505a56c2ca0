import type { ObjectSink, ObjectSource } from '../../src/model/object-source.ts';
import { changesIn, removalsIn } from './objects.ts';

/** A source whose objects a test states, in YAML. */
export interface MemorySource extends ObjectSource {
  apply(yaml: string): void;
  remove(yaml: string): void;
  /** Says that the first full list is complete. */
  sync(): void;
  /** The sink, for what else a source may say. Throws before the source runs. */
  readonly sink: ObjectSink;
}

export function memorySource(name = 'memory'): MemorySource {
  let sink: ObjectSink | undefined;
  const running = () => {
    if (sink === undefined) throw new Error(`expected source ${name} to run`);
    return sink;
  };
  return {
    name,
    async run(given) {
      sink = given;
    },
    apply: (yaml) => running().apply(changesIn(yaml)),
    remove: (yaml) => running().apply(removalsIn(yaml)),
    sync: () => running().synced(),
    get sink() {
      return running();
    },
  };
}
