import type { Proxy } from '../../src/model/proxy.ts';
import { extensionType, routeType, secretType, type TypeUrl } from '../../src/resource/types.ts';
import { clusterHost, namespaces, ports, serviceNames } from './universe.ts';

const hosts = [
  ...namespaces.flatMap((namespace) => serviceNames.map((name) => clusterHost(name, namespace))),
  'ext.example',
  'ext.test',
  'x.service.consul',
  '*.example',
];

const ofSidecar = [
  ...ports.map(String),
  'http_proxy',
  'nonsense',
  ...hosts.flatMap((host) => [`${host}:80`, `${host}:7070`]),
];

const ofRouter = [
  'http.80',
  'http.8080',
  'http.443',
  'http.9000',
  'http.80.10.9.9.9',
  ...namespaces.flatMap((namespace) =>
    ['gw-1', 'gw-2'].flatMap((gateway) =>
      ['one', 'two', 'three'].flatMap((name) =>
        [80, 443, 8080].map((port) => `https.${port}.${name}.${gateway}.${namespace}`),
      ),
    ),
  ),
];

const secrets = ['one', 'one-cacert', 'secret', 'a/one', 'missing'].flatMap((name) => [
  `kubernetes://${name}`,
  `configmap://${name}`,
]);

/** The resources that a proxy asks for by name in any history, whether or not they are there. */
export function namesFor(type: TypeUrl, proxy: Pick<Proxy, 'type'>): readonly string[] {
  switch (type) {
    case routeType:
      return proxy.type === 'router' ? ofRouter : ofSidecar;
    case secretType:
      return secrets;
    case extensionType:
      return ['mine', 'other', 'nonsense'];
    default:
      return [];
  }
}
