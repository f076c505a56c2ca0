/** The ports that a Sidecar's ingress listeners declare; they take the place of those that follow from services. */
import type { Config } from '../config/config.ts';
import type { IngressListener, Sidecar } from '../config/sidecar.ts';
import { originKey } from '../model/origin.ts';
import { parseProtocol } from '../model/protocol.ts';
import type { Serving } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import type { InboundEndpoint, InboundPort } from './inbound-port.ts';
import { apiPath } from './names.ts';

/** In order of the ports. */
export function ingressPorts(sidecar: Config<Sidecar>, serving: Serving): readonly InboundPort[] {
  const { ingress = [], inboundConnectionPool } = sidecar.spec;
  return ingress
    .map((listener): InboundPort => {
      const { port = {}, bind = '', captureMode = 'DEFAULT', connectionPool = inboundConnectionPool } = listener;
      const { number = 0, name = '' } = port;
      const protocol = parseProtocol(port.protocol ?? '');
      const endpoint = endpointOf(listener, serving);
      return {
        targetPort: number,
        protocol,
        service: standIn(sidecar),
        port: { number, name, protocol },
        services: [],
        connectionPool,
        listener: { bind, captureMode },
        ...(endpoint === undefined ? {} : { endpoint }),
        config: apiPath('sidecar', sidecar.namespace, sidecar.name),
        origins: [originKey(sidecar.origin)],
      };
    })
    .sort((a, b) => a.targetPort - b.targetPort);
}

/** No service is behind an ingress listener; telemetry sees the Sidecar in its place. */
function standIn({ namespace, name, createdAt, labels, origin }: Config<Sidecar>): Service {
  return {
    registry: 'sidecar',
    hostname: `${name}.${namespace}`,
    namespace,
    name,
    ports: [],
    addresses: [],
    resolution: 'static',
    isExternal: false,
    isHeadless: false,
    createdAt,
    labels,
    origin,
  };
}

/** `127.0.0.1:port` is the application, `0.0.0.0:port` the workload's own address; absent: where the connection was for. */
function endpointOf({ defaultEndpoint = '' }: IngressListener, serving: Serving): InboundEndpoint | undefined {
  if (defaultEndpoint === '') return undefined;
  if (defaultEndpoint.startsWith('unix:'))
    return { address: defaultEndpoint.replace(/^unix:\/\//, ''), port: 0, isLoopback: false };
  const at = defaultEndpoint.lastIndexOf(':');
  const host = defaultEndpoint.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(defaultEndpoint.slice(at + 1));
  const own = (isV6: boolean) => serving.addresses.find((address) => address.includes(':') === isV6) ?? host;
  switch (host) {
    case '0.0.0.0':
      return { address: own(false), port, isLoopback: false };
    case '::':
      return { address: own(true), port, isLoopback: false };
    case '127.0.0.1':
      return { address: serving.application, port, isLoopback: true };
    default:
      return { address: host, port, isLoopback: true };
  }
}
