/** Where a gateway proxy listens for the ports that Gateways state: Services in front of it may translate them. */
import type { Config } from '../config/config.ts';
import type { Gateway } from '../config/gateway.ts';
import type { Capture } from '../model/scope.ts';
import type { Service } from '../model/service.ts';

/** A port of a Service at the gateway's workload. */
export interface FrontPort {
  readonly service: Service;
  readonly port: number;
  readonly targetPort: number;
}

/** With it on a Service, the ports of Gateways are not translated by that Service. */
const translationSwitch = 'experimental.istio.io/disable-gateway-port-translation';

/** Whether a proxy has the privileges for a port; 0 stands for a Unix socket, which needs none. */
export function mayBind(port: number, { isUnprivileged }: Pick<Capture, 'isUnprivileged'>): boolean {
  return !isUnprivileged || port >= 1024 || port === 0;
}

/** Which Services a Gateway of the Kubernetes Gateway API belongs to, by host name; undefined for one that selects by labels. */
export function frontServices({ annotations }: Config<Gateway>): readonly string[] | undefined {
  const names = annotations['internal.istio.io/gateway-service'];
  return names?.split(',').map((name) => name.trim().toLowerCase());
}

/** Whether a Gateway that names its Services means one of these. */
export function isFront({ namespace }: Config<Gateway>, names: readonly string[], service: Service): boolean {
  return service.namespace === namespace && names.includes(service.hostname);
}

/**
 * A Gateway that names its Services listens on all their target ports, and nowhere when they do not have the port. Any
 * other takes the first Service with the port (they come oldest first), and the port as it is when there is none.
 */
export function listenPorts(gateway: Config<Gateway>, port: number, fronts: readonly FrontPort[]): readonly number[] {
  const names = frontServices(gateway);
  const withPort = fronts.filter((front) => front.port === port);
  if (names !== undefined) {
    const own = withPort.filter(({ service }) => isFront(gateway, names, service));
    return [...new Set(own.map(({ targetPort }) => targetPort))];
  }
  const first = withPort.find(({ service }) => service.labels[translationSwitch] === undefined);
  return [first?.targetPort ?? port];
}
