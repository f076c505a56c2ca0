/** What `fairway up` tells people: what runs where, and what to try. */
import { compareTexts } from '../lib/compare.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { ConsulAgent } from './consul-agent.ts';
import { serviceName } from './consul-registration.ts';
import { adminPort, hasEnvoy, type Pod } from './pod.ts';
import type { Propagation } from './propagation.ts';
import type { RunningPod } from './running-pod.ts';

/** On any object: a shell line to try, with a comment of what it shows. */
export const tryAnnotation = 'up.fairway.dev/try';

/** One line per pod: what it is, where it listens, where its Envoy can be asked. */
export function podTable(pods: readonly RunningPod[]): string {
  const rows = [...pods]
    .sort(
      (a, b) =>
        compareTexts(a.pod.workload.namespace, b.pod.workload.namespace) || compareTexts(a.pod.name, b.pod.name),
    )
    .map(({ pod, isReady, ends }) => {
      const { workload, name, ip } = pod;
      const ports = workload.ports.map(({ containerPort = 0 }) => containerPort).join(',');
      return [
        workload.namespace,
        name,
        workload.labels.version ?? '',
        workload.kind === 'gateway' ? `${pod.loopback}:${ports}` : `${ip}:${ports}`,
        hasEnvoy(pod) ? `http://${ip}:${adminPort}` : 'none',
        isReady ? 'ready' : ends > 0 ? 'failing' : 'starting',
      ];
    });
  return table([['NAMESPACE', 'POD', 'VERSION', 'ADDRESS', 'ENVOY', 'STATE'], ...rows]);
}

/** The lines that objects suggest to try, in the order of files. */
export function suggestions(objects: readonly KubernetesObject[]): readonly string[] {
  return [...objects]
    .sort(
      (a, b) => compareTexts(a.origin.file ?? '', b.origin.file ?? '') || (a.origin.line ?? 0) - (b.origin.line ?? 0),
    )
    .flatMap(({ annotations }) => (annotations[tryAnnotation] ?? '').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Where Consul is, and which process it is when it was started for the mesh. */
export function consulPlace(server: URL, agent: Pick<ConsulAgent, 'version' | 'pid'> | undefined): string {
  return agent === undefined
    ? `Consul: ${server.origin}`
    : `Consul ${agent.version}: ${server.origin}/ui, ${agent.pid() === undefined ? 'being started again' : `process ${agent.pid()}`}`;
}

/** Lines to try with Consul's API: what it knows of a service, and an instance that gets no traffic for a while. */
export function consulSuggestions(server: URL, pods: readonly Pod[]): readonly string[] {
  const registered = pods.filter(({ workload }) => workload.registry === 'consul');
  const isOneOfMany = (pod: Pod) => registered.filter((one) => serviceName(one) === serviceName(pod)).length > 1;
  const pod = registered.findLast(isOneOfMany) ?? registered.at(-1);
  if (pod === undefined) return [];
  const at = (path: string) => `${server.origin}/v1/${path}`;
  const maintenance = at(`agent/service/maintenance/${encodeURIComponent(pod.name)}`);
  return [
    `curl -s ${at(`health/service/${encodeURIComponent(serviceName(pod))}`)} | grep '"Status"'`,
    `curl -X PUT '${maintenance}?enable=true'   # no more traffic there; enable=false ends it`,
  ];
}

/** What became of changed objects, in one line. */
export function propagationLine(objects: readonly string[], { proxies, rejections, durationMs }: Propagation): string {
  const what = objects.length > 3 ? `${objects.length} objects` : objects.join(', ');
  const count = (number: number) => (number === 1 ? '1 proxy' : `${number} proxies`);
  if (proxies === 0 && rejections.length === 0) return `${what}: no proxy needs this change`;
  return [
    ...(proxies === 0 ? [] : [`${what}: in force at ${count(proxies)} after ${Math.ceil(durationMs)} ms`]),
    ...rejections.map(({ proxy, message }) => `${what}: rejected by ${proxy}: ${message}`),
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
