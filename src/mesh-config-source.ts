/** A file with a MeshConfig as a source. It is synced once it has been read, so that nobody is served mere defaults. */
import { decodeMeshConfig } from './config/decode-mesh-config.ts';
import type { MeshConfig } from './config/mesh-config.ts';
import type { MeshNetworks } from './config/mesh-networks.ts';
import type { YamlDocument } from './files/yaml.ts';
import { followYamlFile, locateInFile } from './files/yaml-file.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import type { ObjectSource } from './model/object-source.ts';

/** Takes what holds for the whole mesh whenever it changes. */
export interface MeshSettingsSink {
  setMeshConfig(config: MeshConfig): void;
  setMeshNetworks(networks: MeshNetworks): void;
}

/** A source of what holds for the whole mesh. */
export type MeshConfigSource = (sink: MeshSettingsSink) => ObjectSource;

export function meshConfigSource(
  path: string,
  settings: Pick<MeshSettingsSink, 'setMeshConfig'>,
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
        settings.setMeshConfig(config);
        if (!isSynced) synced();
        isSynced = true;
      };
      followYamlFile({ path, problems: (found) => problems(path, found), freshness, take, clock }, signal);
    },
  };
}
