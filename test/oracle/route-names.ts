import type { Proxy } from '../../src/model/proxy.ts';
import { clusterHost, namespaces, ports, serviceNames } from './universe.ts';

const hosts = [
  ...namespaces.flatMap((namespace) => serviceNames.map((name) => clusterHost(name, namespace))),
  'ext.example',
  'ext.test',
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

/** The RouteConfigurations that a proxy asks for in any history, whether or not they are there. */
export function routeNames({ type }: Pick<Proxy, 'type'>): readonly string[] {
  return type === 'router' ? ofRouter : ofSidecar;
}
