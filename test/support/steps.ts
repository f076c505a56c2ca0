/** Changes of a mesh, written by hand. */
import { parseLocality } from '../../src/model/locality.ts';
import type { Draft } from './draft.ts';
import { objectsIn } from './objects.ts';
import type { Change, MeshConfigDraft, ProxyDraft } from './plane.ts';

/** Puts the objects of a YAML text. */
export function put(yaml: string): readonly Change[] {
  return objectsIn(yaml).map(({ group, kind, namespace, name, createdAt, labels, annotations, value, origin }) => {
    const { apiVersion: _, kind: _kind, ...body } = value;
    const object: Draft = {
      ...{ group, kind, namespace, name, createdAt, labels, annotations },
      body,
      line: origin.line ?? 1,
    };
    return { do: 'put', object };
  });
}

export function configure(mesh: MeshConfigDraft): readonly Change[] {
  return [{ do: 'configure', mesh }];
}

/** Connects a sidecar of a namespace that is like most. */
export function connect(namespace: string, different: Partial<ProxyDraft> = {}, seat = '1'): readonly Change[] {
  const proxy: ProxyDraft = {
    nodeId: `sidecar~10.0.0.1~x-1.${namespace}~${namespace}.svc.cluster.local`,
    type: 'sidecar',
    name: `x-1.${namespace}`,
    namespace,
    domain: `${namespace}.svc.cluster.local`,
    addresses: ['10.0.0.1'],
    labels: { app: 'x' },
    locality: parseLocality(''),
    network: '',
    cluster: 'Kubernetes',
    nodeName: '',
    serviceAccount: '',
    meshId: '',
    version: '',
    metadata: {},
    interception: 'REDIRECT',
    reservedPorts: [],
    isUnprivileged: false,
    speaksHttp10: false,
    capturesDns: false,
    application: '127.0.0.1',
    ...different,
  };
  return [{ do: 'connect', seat, proxy }];
}
