/**
 * From a pod to the same pod with a sidecar, or as a gateway, or to the reason why it is neither.
 *
 *      pod ─► may it be? ─► its annotations ─► probes rewritten ─► containers, volumes, labels
 *                                              ─► the template over it ─► what the pod says of istio-proxy itself over that
 */
import { agentPortOf } from '../agent/ports.ts';
import { isRecord } from '../lib/schema.ts';
import { type Finding, hasError } from '../model/decode.ts';
import { type SidecarOptions, sidecarOptions } from './annotations.ts';
import { collisions } from './collisions.ts';
import { type Container, initName, isOurs, type Pod, proxyName } from './pod.ts';
import { rewriteProbes } from './probes.ts';
import { initContainer, isIntercepted, proxyContainer, type SidecarParts, volumes } from './proxy-container.ts';
import { type PodNamespace, type Refusal, refusalOf, revisionLabel, statusAnnotation } from './refusal.ts';
import { limitsUnder } from './resources.ts';
import type { InjectionSettings } from './settings.ts';
import { laidOver } from './template.ts';
import type { Workload } from './workload.ts';

export interface InjectionRequest {
  readonly pod: Pod;
  readonly namespace: PodNamespace;
  readonly workload: Workload;
  readonly settings: InjectionSettings;
}

/** Findings have an error exactly where there is neither a pod nor a refusal. Their paths are within the pod. */
export interface Injection {
  readonly pod?: Pod;
  readonly refusal?: Refusal;
  readonly findings: readonly Finding[];
}

export function inject(request: InjectionRequest): Injection {
  const { pod, namespace, workload, settings } = request;
  const refusal = refusalOf(pod, namespace, settings.revision);
  if (refusal !== undefined) return { refusal, findings: [] };
  const findings: Finding[] = [];
  const options = sidecarOptions(pod.metadata?.annotations ?? {}, settings, findings);
  if (hasError(findings)) return { findings };
  findings.push(...collisions(pod, options, settings.mesh));
  if (workload.kind.endsWith('Job') && !options.isNative)
    findings.push({
      code: 'FW3203',
      severity: 'warning',
      path: 'spec.containers',
      message: `expected a native sidecar, which ends with the job, found one that goes on until somebody in the pod asks for POST http://127.0.0.1:${agentPortOf(options.config)}/quitquitquit`,
    });
  return { pod: injected(request, options), findings };
}

function injected({ pod, namespace, workload, settings }: InjectionRequest, options: SidecarOptions): Pod {
  const { own, overrides } = apart(pod);
  const agentPort = agentPortOf(options.config);
  // Probes of what stands beside a gateway reach it as ever.
  const rewrites = options.rewritesProbes && options.role === 'sidecar';
  const { pod: probed, probers } = rewrites ? rewriteProbes(own, agentPort) : { pod: own, probers: {} };
  const fragments = [...(settings.template === undefined ? [] : [settings.template]), { spec: overrides }];
  const metrics = options.mergesMetrics ? metricsOf(pod, agentPort) : undefined;
  const parts: SidecarParts = {
    pod: own,
    namespace: namespace.name,
    workload,
    options,
    settings,
    limits: limitsUnder(options.resources, fragments),
    probers,
    ...(metrics?.application === undefined ? {} : { metrics: metrics.application }),
  };
  const withParts = { ...probed, ...withContainers(probed, parts) };
  return fragments.reduce<Pod>(laidOver, withMetadata(withParts, parts, metrics?.annotations ?? {}));
}

/** What a pod says itself of containers of ours. */
type Overrides = {
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
};

/** Containers of our names in the pod are not containers of the application but changes to ours. */
function apart(pod: Pod): { readonly own: Pod; readonly overrides: Overrides } {
  const { containers, initContainers } = pod.spec;
  const spec = {
    ...pod.spec,
    ...(initContainers ? { initContainers: initContainers.filter((one) => !isOurs(one)) } : {}),
    containers: containers.filter((one) => !isOurs(one)),
  };
  return {
    own: { ...pod, spec },
    overrides: { containers: containers.filter(isOurs), initContainers: (initContainers ?? []).filter(isOurs) },
  };
}

/**
 * As a native sidecar the proxy comes before the other init containers, which then are in the mesh; else interception is
 * set up after them, since they run while there is no proxy.
 */
function withContainers(pod: Pod, parts: SidecarParts): Pick<Pod, 'spec'> {
  const { isNative, role, config } = parts.options;
  const proxy = proxyContainer(parts);
  const found = initContainer(parts);
  const init = found === undefined ? [] : [found];
  const { containers, initContainers, volumes: others } = pod.spec;
  const before = initContainers ?? [];
  const initial = isNative ? [...init, proxy, ...before] : [...before, ...init];
  const holds = config.holdApplicationUntilProxyStarts === true && role === 'sidecar';
  const usual = isNative ? containers : holds ? [proxy, ...containers] : [...containers, proxy];
  const names = new Set(volumes.map(({ name }) => name));
  return {
    spec: {
      ...pod.spec,
      ...(role === 'gateway' ? { securityContext: withLowPorts(pod.spec.securityContext) } : {}),
      ...(initial.length === 0 ? {} : { initContainers: initial }),
      containers: usual,
      volumes: [...(others ?? []).filter(({ name }) => !names.has(name)), ...volumes],
    },
  };
}

/** Gateways listen on 80 and 443 and are not root. Whoever states sysctls knows better. */
function withLowPorts(stated: unknown): object {
  const sysctls = [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }];
  return { sysctls, ...(isRecord(stated) ? stated : {}) };
}

function withMetadata(pod: Pod, { workload, settings, options }: SidecarParts, merged: object): Pod {
  const { labels = {}, annotations = {} } = { ...pod.metadata };
  const stated = labels ?? {};
  const name = stated['app.kubernetes.io/name'] ?? stated.app ?? workload.name;
  const version = stated['app.kubernetes.io/version'] ?? stated.version ?? 'latest';
  const [first] = pod.spec.containers.filter((one) => one.name !== proxyName);
  const usual = first === undefined ? {} : defaultContainer(first.name);
  const { isNative } = options;
  const status = {
    initContainers: [...(isIntercepted(options) ? [initName] : []), ...(isNative ? [proxyName] : [])],
    containers: isNative ? [] : [proxyName],
    volumes: volumes.map((volume) => volume.name),
    imagePullSecrets: null,
    revision: settings.revision,
  };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...(name === '' ? {} : { 'service.istio.io/canonical-name': name.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '') }),
        'service.istio.io/canonical-revision': version,
        ...stated,
      },
      annotations: {
        ...usual,
        [revisionLabel]: settings.revision,
        ...annotations,
        ...merged,
        [statusAnnotation]: JSON.stringify(status),
      },
    },
  };
}

/** So that kubectl's logs and exec mean the application. */
function defaultContainer(name: string): object {
  return { 'kubectl.kubernetes.io/default-container': name, 'kubectl.kubernetes.io/default-logs-container': name };
}

const annotation = { scrape: 'prometheus.io/scrape', path: 'prometheus.io/path', port: 'prometheus.io/port' } as const;

/** Where Prometheus finds the metrics of the whole pod, and where the agent finds those of the application. */
function metricsOf(
  { metadata }: Pod,
  agentPort: number,
): { readonly annotations: object; readonly application?: object } | undefined {
  const stated = metadata?.annotations ?? {};
  const { [annotation.scrape]: scrape, [annotation.path]: path, [annotation.port]: port } = stated;
  if (scrape === 'false') return undefined;
  const application = { scrape, path, port };
  // Whoever states what injection would means the same: the metrics of the whole pod.
  const isStated = port !== String(agentPort) && Object.values(application).some((value) => value !== undefined);
  return {
    annotations: {
      [annotation.scrape]: 'true',
      [annotation.path]: '/stats/prometheus',
      [annotation.port]: String(agentPort),
    },
    ...(isStated ? { application } : {}),
  };
}
