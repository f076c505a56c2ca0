/** A file with a MeshConfig as a source. It is synced once it has been read, so that nobody is served mere defaults. */
import { decodeMeshConfig } from './config/decode-mesh-config.ts';
import type { MeshConfig } from './config/mesh-config.ts';
import type { YamlDocument } from './files/yaml.ts';
import { followYamlFile, locateInFile } from './files/yaml-file.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import type { ObjectSource } from './model/object-source.ts';

/** A source of the MeshConfig, which `set` gets whenever it changes. */
export type MeshConfigSource = (set: (config: MeshConfig) => void) => ObjectSource;

export function meshConfigSource(
  path: string,
  set: (config: MeshConfig) => void,
  clock: Clock = systemClock,
): ObjectSource {
  return {
    name: 'mesh configuration',
    async run({ synced, problems, freshness }, signal) {
      let isSynced = false;
      const take = (document: YamlDocument) => {
        const { config, findings } = decodeMeshConfig(document.value);
        problems(path, locateInFile(findings, path, document));
        if (config === undefined) return;
        set(config);
        if (!isSynced) synced();
        isSynced = true;
      };
      followYamlFile({ path, problems: (found) => problems(path, found), freshness, take, clock }, signal);
    },
  };
}
