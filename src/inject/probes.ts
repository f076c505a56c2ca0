/**
 * Probes of the application are asked of the agent instead, which asks the application: a kubelet is no part of the mesh,
 * and what it asks by the application's port would be treated as any other connection.
 */
import type { Container, Pod, Probe } from './pod.ts';
import { proxyName } from './pod.ts';

export interface RewrittenProbes {
  readonly pod: Pod;
  /** What the agent has to ask, by path; as KUBE_APP_PROBERS has it. */
  readonly probers: { readonly [path: string]: object };
}

const kinds = { livenessProbe: 'livez', readinessProbe: 'readyz', startupProbe: 'startupz' } as const;
type Kind = keyof typeof kinds;

/** `agentPort` is where the agent of the pod answers. */
export function rewriteProbes(pod: Pod, agentPort: number): RewrittenProbes {
  const probers: { [path: string]: object } = {};
  const rewrite = (container: Container): Container => {
    if (container.name === proxyName) return container;
    const changed = (Object.keys(kinds) as Kind[]).flatMap((kind) => {
      const probe = container[kind];
      const path = `/app-health/${container.name}/${kinds[kind]}`;
      const prober = probe && proberOf(probe, container, agentPort);
      if (!probe || prober === undefined) return [];
      probers[path] = prober;
      const { httpGet, tcpSocket, grpc, ...rest } = probe;
      return [[kind, { ...rest, httpGet: { path, port: agentPort } }] as const];
    });
    return changed.length === 0 ? container : { ...container, ...Object.fromEntries(changed) };
  };
  const { initContainers } = pod.spec;
  const spec = {
    ...pod.spec,
    ...(initContainers ? { initContainers: initContainers.map(rewrite) } : {}),
    containers: pod.spec.containers.map(rewrite),
  };
  return { pod: { ...pod, spec }, probers };
}

/** Undefined for what runs within the container, for what is the agent's already, and for a port that is not there. */
function proberOf(
  { httpGet, tcpSocket, grpc, timeoutSeconds }: Probe,
  container: Container,
  agentPort: number,
): object | undefined {
  const timeout = timeoutSeconds ? { timeoutSeconds } : {};
  if (httpGet) {
    const port = portIn(httpGet.port, container);
    if (port === undefined || (port === agentPort && httpGet.path?.startsWith('/app-health/'))) return undefined;
    return { httpGet: { ...httpGet, port }, ...timeout };
  }
  if (tcpSocket) {
    const port = portIn(tcpSocket.port, container);
    return port === undefined ? undefined : { tcpSocket: { ...tcpSocket, port }, ...timeout };
  }
  return grpc ? { grpc, ...timeout } : undefined;
}

function portIn(port: string | number | undefined, { ports }: Container): number | undefined {
  if (typeof port === 'number') return port;
  if (port !== undefined && /^\d+$/.test(port)) return Number(port);
  return ports?.find(({ name }) => name === port)?.containerPort;
}
