/** A control plane whose objects are the text that a test gave it last; it can go away and come back. */
import { parse } from 'yaml';
import { decodeMeshConfig } from '../../../src/config/decode-mesh-config.ts';
import type { MeshConfig } from '../../../src/config/mesh-config.ts';
import { type DiscoveryServer, startDiscoveryServer } from '../../../src/discovery-server.ts';
import { silent } from '../../../src/lib/log.ts';
import { type KubernetesObject, type ObjectChange, objectKey } from '../../../src/model/kubernetes-object.ts';
import type { ObjectSink } from '../../../src/model/object-source.ts';
import { meshConfigIn } from '../../support/control-plane.ts';
import { changeOf, objectsIn, removalOf } from '../../support/objects.ts';

export interface TestControlPlane {
  /** The one that runs; another one after `start`. */
  readonly server: DiscoveryServer;
  /** Makes these objects the whole mesh. */
  apply(yaml: string): void;
  /** Replaces the MeshConfig; fails if there is anything wrong with it. */
  setMeshConfig(yaml: string): void;
  /** The same as the program does it: one with an error in it is not taken. */
  offerMeshConfig(yaml: string): void;
  /** Goes away at once. */
  stop(): Promise<void>;
  /** Comes back where it was, with what it had, and nothing else that it knew. */
  start(): Promise<void>;
}

/** `meshDefaults`: what holds where a MeshConfig says nothing. */
export async function startTestControlPlane(
  base: string,
  meshConfig: string,
  meshDefaults: MeshConfig,
): Promise<TestControlPlane> {
  let text = base;
  let config = meshConfigIn(meshConfig);
  let sink: ObjectSink | undefined;
  const source = {
    name: 'test',
    run: async (it: ObjectSink) => {
      sink = it;
      it.apply(changesTo(new Map(), text));
      it.synced();
    },
  };
  const open = async (port: number) => {
    const started = await startDiscoveryServer({
      sources: [source],
      xdsAddress: { host: '127.0.0.1', port },
      httpAddress: { host: '127.0.0.1', port: 0 },
      cluster: 'Kubernetes',
      domainSuffix: 'cluster.local',
      meshDefaults,
      version: 'test',
      log: silent,
    });
    started.controlPlane.setMeshConfig(config);
    return started;
  };
  let server = await open(0);
  const take = (next: MeshConfig) => {
    config = next;
    server.controlPlane.setMeshConfig(config);
  };
  return {
    get server() {
      return server;
    },
    apply(yaml) {
      sink?.apply(changesTo(objectMap(text), yaml));
      text = yaml;
    },
    setMeshConfig: (yaml) => take(meshConfigIn(yaml)),
    offerMeshConfig(yaml) {
      const { config: offered } = decodeMeshConfig(parse(yaml));
      if (offered !== undefined) take(offered);
    },
    stop: () => server.close(0),
    async start() {
      server = await open(server.xdsAddress.port);
    },
  };
}

function objectMap(yaml: string): ReadonlyMap<string, KubernetesObject> {
  return new Map(objectsIn(yaml).map((object) => [objectKey(object), object]));
}

/** From the objects that are there to those of a text. */
function changesTo(before: ReadonlyMap<string, KubernetesObject>, yaml: string): readonly ObjectChange[] {
  const after = objectMap(yaml);
  return [
    ...[...after.values()].map(changeOf),
    ...[...before].filter(([key]) => !after.has(key)).map(([, object]) => removalOf(object)),
  ];
}
